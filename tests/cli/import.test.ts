import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fileWith, iptally, ledgerEnv, type Ran } from './support/cli.ts';

/** Day one: what exists already comes in from a file. It needs the ledger alone. */
let database: TestDatabase;
let env: Record<string, string>;

const run = (args: readonly string[], stdin = ''): Promise<Ran> => iptally([...args, '--json'], { env, stdin });

async function ends(status: number, args: readonly string[], stdin = ''): Promise<unknown> {
  const ran = await run(args, stdin);
  if (ran.status !== status) throw new Error(`${args.join(' ')}: ${ran.status} ${ran.stdout} ${ran.stderr}`);
  return ran.json;
}

const services = async (): Promise<readonly string[]> =>
  ((await ends(0, ['service', 'list'])) as { services: readonly { id: string }[] }).services.map(({ id }) => id);

const header = 'service,kind,domain,customer,server,tariff,addresses,ptr';
const counts = (added: number, known: number) => ({ added, known });

beforeAll(async () => {
  database = await createDatabase();
  env = ledgerEnv(database);
  await ends(0, ['migrate']);
  const panel = ['--url', 'https://192.0.2.250/ipmgr', '--login', 'billing', '--no-test', '--password-stdin'];
  await ends(0, ['integration', 'add', 'main', ...panel], 'b');
  await ends(0, ['server', 'add', 'vps1', '--module', 'external', '--integration', 'main']);
  await ends(0, ['server', 'add', 'bare1', '--module', 'external']);
  await ends(0, ['tariff', 'add', 'one']);
}, 120_000);

afterAll(() => database.drop());

describe('a good file', () => {
  const file = [
    header,
    'v-1,vps,v-1.example,c-1,vps1,one,"203.0.113.10; 2001:DB8::10",',
    'v-2,vps,V-2.Example.,,vps1,one,203.0.113.11,mail.v-2.example',
    'lic-1,licence,v-1.example,c-1,bare1,one,,',
  ].join('\r\n');

  test('is only checked in a dry run', async () => {
    expect(await ends(0, ['import', fileWith(file), '--dry-run'])).toMatchObject({
      outcome: 'checked',
      dryRun: true,
      counts: { lines: 3, bad: 0, services: counts(3, 0), addresses: counts(3, 0) },
      bad: [],
    });
    expect(await services()).toEqual([]);
  });

  test('is taken with its addresses, held by nobody else and not tagged by us', async () => {
    expect(await ends(0, ['import', fileWith(file)])).toMatchObject({
      outcome: 'imported',
      counts: { lines: 3, bad: 0, services: counts(3, 0), addresses: counts(3, 0) },
    });
    expect(await services()).toEqual(['lic-1', 'v-1', 'v-2']);
    expect(await ends(0, ['address', 'show', '2001:db8::10'])).toMatchObject({
      state: 'active',
      service: 'v-1',
      customer: 'c-1',
      integration: 'main',
      group: 'public',
      untagged: true,
    });
    expect(await ends(0, ['address', 'show', '203.0.113.11'])).toMatchObject({ ptrWanted: 'mail.v-2.example' });
    expect(await ends(0, ['address', 'history', '203.0.113.10'])).toMatchObject({ history: [{ event: 'imported' }] });
  });

  test('again is harmless, also as JSON lines from stdin', async () => {
    const known = { services: counts(0, 3), addresses: counts(0, 3) };
    expect(await ends(0, ['import', fileWith(file)])).toMatchObject({ outcome: 'imported', counts: known });
    const line = { service: 'v-1', kind: 'vps', domain: 'v-1.example', customer: 'c-1', server: 'vps1', tariff: 'one' };
    const json = `${JSON.stringify({ ...line, addresses: ['203.0.113.10', '2001:db8::10'] })}\n`;
    expect(await ends(0, ['import', '-'], json)).toMatchObject({
      outcome: 'imported',
      counts: { lines: 1, services: counts(0, 1), addresses: counts(0, 2) },
    });
  });
});

describe('a file with bad lines', () => {
  const file = [
    header,
    'n-1,vps,n-1.example,c-1,vps1,one,203.0.113.20,',
    'n-2,vm,n-2.example,c-1,vps1,one,203.0.113.021,',
    'n-3,vps,n-3.example,c-1,vps9,one,203.0.113.22 203.0.113.23,',
    'n-4,vps,n-4.example,c-1,vps1,one,203.0.113.10,',
    'n-5,vps,n-5.example,c-1',
    'v-1,vps,v-1.example,c-2,vps1,one,,',
  ].join('\n');

  test('is refused as a whole: each one is named with line, code, field and reason, and nothing was imported', async () => {
    const before = await services();
    const words = expect.any(String);
    const bad = (line: number, code: string, field: string, value: string) => ({
      line,
      code,
      field,
      value,
      accepted: words,
      reason: words,
    });
    const document = (await ends(1, ['import', fileWith(file)])) as { bad: readonly { line: number }[] };
    expect(document).toMatchObject({ outcome: 'refused', counts: { lines: 6, bad: 5 }, badLeftOut: 0 });
    expect(document.bad.toSorted((one, other) => one.line - other.line)).toEqual([
      bad(3, 'invalid-input', 'kind', 'vm'),
      bad(3, 'invalid-input', 'addresses', '203.0.113.021'),
      bad(4, 'no-such-server', 'server', 'vps9'),
      bad(5, 'in-use', 'addresses', '203.0.113.10'),
      bad(6, 'not-a-row', 'line', expect.stringContaining('n-5') as never),
      bad(7, 'service-differs', 'service', 'v-1'),
    ]);
    expect(await services()).toEqual(before);
  });

  test('is told to people on stderr, with what to do next', async () => {
    const ran = await iptally(['import', fileWith(file)], { env });
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain('line 5: addresses "203.0.113.10" is on the service v-1 here; accepted: ');
    expect(ran.stdout).toMatch(/^6 lines, 5 of them bad: nothing was imported\n/);
    expect(ran.stdout).toContain('--skip-bad');
  });

  test('gives its good ones when bad ones may be left out', async () => {
    expect(await ends(0, ['import', fileWith(file), '--skip-bad'])).toMatchObject({
      outcome: 'imported',
      counts: { lines: 6, bad: 5, services: counts(1, 0), addresses: counts(1, 0) },
    });
    expect(await services()).toContain('n-1');
  });

  test('gives nothing of a line of which one address is bad', async () => {
    const half = `${header}\nn-9,vps,n-9.example,c-1,vps1,one,203.0.113.30 203.0.113.10,\n`;
    expect(await ends(1, ['import', fileWith(half), '--skip-bad'])).toMatchObject({
      counts: { lines: 1, bad: 1, services: counts(0, 0), addresses: counts(0, 0) },
      bad: [{ line: 2, value: '203.0.113.10' }],
    });
    expect(await services()).not.toContain('n-9');
  });

  test('of which none is good ends with 1, also then', async () => {
    const none = `${header}\nn-2,vm,n-2.example,c-1,vps1,one,203.0.113.21,\n`;
    expect(await ends(1, ['import', fileWith(none), '--skip-bad'])).toMatchObject({ counts: { lines: 1, bad: 1 } });
  });
});

test.each([
  ['that is not there', '/nowhere/services.csv', 'file-not-readable'],
  ['that is a folder', '/', 'file-not-readable'],
  ['with an unknown column', fileWith('service,colour\n'), 'invalid-input'],
  ['whose quotes do not close', fileWith(`${header}\n"v-9,vps\n`), 'file-not-readable'],
])('a file %s ends with 2', async (_what, file, code) => {
  expect(await ends(2, ['import', file])).toMatchObject({ error: { code } });
});
