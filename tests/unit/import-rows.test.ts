import { describe, expect, test } from '@jest/globals';
import { type RawRow, rowsOf } from '../../client/import/rows.ts';

/** A line that never ends, chunk by chunk; it fails where far more of it is read than a line may have. */
async function* endless(begun: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(begun);
  for (let chunks = 0; chunks < 100; chunks += 1) yield new Uint8Array(65_536).fill(0x61);
  throw new Error('read on and on');
}

async function readEndless(begun: string): Promise<void> {
  const rows = rowsOf('services', endless(begun));
  for await (const row of rows) expect(row).toBeUndefined();
}

/** The rows of a file that comes in chunks of so many bytes. */
async function read(file: string | Uint8Array, chunk = 7): Promise<readonly RawRow[]> {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const rows: RawRow[] = [];
  for await (const row of rowsOf('services.csv', chunks())) rows.push(row);
  return rows;
}

const header = 'service,kind,domain,server,tariff,addresses';
const fields = (addresses: string, service = 'a-1') => ({
  service,
  kind: 'vps',
  domain: 'a.example',
  server: 's1',
  tariff: 't1',
  addresses,
});
const row = (addresses: string, service = 'a-1'): string => `${service},vps,a.example,s1,t1,${addresses}`;

describe('CSV', () => {
  test.each([
    ['a plain one', `${header}\n${row('192.0.2.1')}\n`, [{ line: 2, fields: fields('192.0.2.1') }]],
    ['without its last line end', `${header}\n${row('192.0.2.1')}`, [{ line: 2, fields: fields('192.0.2.1') }]],
    ['with CRLF', `${header}\r\n${row('192.0.2.1')}\r\n`, [{ line: 2, fields: fields('192.0.2.1') }]],
    ['with a byte order mark', `\uFEFF${header}\n${row('192.0.2.1')}\n`, [{ line: 2, fields: fields('192.0.2.1') }]],
    [
      'with a quoted cell',
      `${header}\n${row('"192.0.2.1, 192.0.2.2"')}\n`,
      [{ line: 2, fields: fields('192.0.2.1, 192.0.2.2') }],
    ],
    ['with doubled quotes', `${header}\n${row('"say ""hi"""')}\n`, [{ line: 2, fields: fields('say "hi"') }]],
    ['with an empty quoted cell', `${header}\n${row('""')}\n`, [{ line: 2, fields: fields('') }]],
    ['with an empty last cell', `${header}\n${row('')}\n`, [{ line: 2, fields: fields('') }]],
    [
      'with line ends inside quotes, counted as lines',
      `${header}\n${row('"192.0.2.1\n\n192.0.2.2"')}\n${row('192.0.2.3', 'a-2')}\n`,
      [
        { line: 2, fields: fields('192.0.2.1\n\n192.0.2.2') },
        { line: 5, fields: fields('192.0.2.3', 'a-2') },
      ],
    ],
    [
      'with CRLF inside quotes, counted as one line end',
      `${header}\r\n${row('"192.0.2.1\r\n192.0.2.2"')}\r\n\r\n${row('192.0.2.3', 'a-2')}\r\n`,
      [
        { line: 2, fields: fields('192.0.2.1\r\n192.0.2.2') },
        { line: 5, fields: fields('192.0.2.3', 'a-2') },
      ],
    ],
    [
      'with blank lines before it',
      ` \n\t\r\n${header}\n${row('192.0.2.1')}\n`,
      [{ line: 4, fields: fields('192.0.2.1') }],
    ],
    ['with empty lines', `\n${header}\n\n${row('192.0.2.1')}\n\n`, [{ line: 4, fields: fields('192.0.2.1') }]],
    [
      'with a cell too few and one too many',
      `${header}\na-1,vps\n${row('1,2')}\n`,
      [
        { line: 2, problem: 'has 2 cells, and the header has 6', value: 'a-1,vps' },
        { line: 3, problem: 'has 7 cells, and the header has 6', value: row('1,2') },
      ],
    ],
    [
      'with a header in capitals',
      `${header.toUpperCase()}\n${row('192.0.2.1')}\n`,
      [{ line: 2, fields: fields('192.0.2.1') }],
    ],
  ])('%s', async (_what, file, rows) => {
    for (const chunk of [1, 7, 4096]) expect(await read(file, chunk)).toEqual(rows);
  });

  test.each([
    ['a quote inside a plain cell', `${header}\n${row('a"b')}\n`, 'line 2: a quote inside a cell that is not quoted'],
    [
      'text after a closing quote',
      `${header}\n${row('"a"b')}\n`,
      'line 2: a quoted cell with text after its closing quote',
    ],
    ['a quote never closed', `${header}\n${row('"a')}\n${row('b')}\n`, 'line 2: a quote is opened and never closed'],
    [
      'a quote never closed after lines of all kinds',
      `\n${header}\r\n${row('"a\r\n\nb"')}\n\n${row('"c')}\n\n${row('d')}\n`,
      'line 7: a quote is opened and never closed',
    ],
    ['CR alone', `${header}\n${row('a\rb')}\n`, 'line 2: a line end of an unknown kind'],
    ['nothing', '', 'it is empty'],
    ['only line ends', '\n\r\n\n', 'it is empty'],
    ['an unknown column', `${header},colour\n`, 'the column "colour" is unknown'],
    ['a column twice', `${header},kind\n`, 'the column "kind" is there twice'],
    ['columns missing', 'service,kind,domain\n', 'server, tariff are missing'],
    ['a JSON array', '[{"service":"a-1"}]', 'it is one JSON array'],
  ])('a file with %s is refused as a whole', async (_what, file, words) => {
    await expect(read(file)).rejects.toMatchObject({ message: expect.stringContaining(words), exitStatus: 2 });
  });

  test('a quote that swallows the file ends soon', async () => {
    const file = `${header}\n${row('"a')}\n${`${row('b')}\n`.repeat(40_000)}`;
    await expect(read(file, 65_536)).rejects.toMatchObject({
      message: expect.stringContaining('line 2: a record of more than 1000000 bytes'),
    });
  });

  test('a file that is not UTF-8 is refused', async () => {
    await expect(read(Uint8Array.of(0x73, 0xfc, 0x0a))).rejects.toMatchObject({
      message: expect.stringContaining('it is not UTF-8'),
      exitStatus: 2,
    });
  });
});

test('JSON lines: each line is one row, or says why it is none', async () => {
  const file = '{"service":"a-1","addresses":["192.0.2.1"]}\r\n\n{"service":\n[1]\nnull\n{"service":"a-2"}';
  expect(await read(file)).toEqual([
    { line: 1, fields: { service: 'a-1', addresses: ['192.0.2.1'] } },
    { line: 3, problem: 'is not one JSON object', value: '{"service":' },
    { line: 4, problem: 'is not one JSON object', value: '[1]' },
    { line: 5, problem: 'is not one JSON object', value: 'null' },
    { line: 6, fields: { service: 'a-2' } },
  ]);
});

test.each([
  ['of CSV', `${header}\na-1,`, 'line 2: a record of more than 1000000 bytes'],
  ['of CSV, in quotes', `${header}\n\n"`, 'line 3: a record of more than 1000000 bytes'],
  ['of JSON', '\n{"service":"', 'line 2: more than 1000000 characters'],
])('a line %s that does not end is refused before it is complete', async (_what, begun, words) => {
  await expect(readEndless(begun)).rejects.toMatchObject({
    message: expect.stringContaining(words),
    code: 'file-not-readable',
    exitStatus: 2,
  });
});

test('blanks that do not end are refused too', async () => {
  async function* blanks(): AsyncGenerator<Uint8Array> {
    for (let chunks = 0; chunks < 100; chunks += 1) yield new Uint8Array(65_536).fill(0x20);
    throw new Error('read on and on');
  }
  const first = rowsOf('services', blanks()).next();
  await expect(first).rejects.toMatchObject({ message: expect.stringContaining('more than 1000000 blanks') });
});
