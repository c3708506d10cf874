import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { createServer } from 'node:http';
import { isMissingThere, listedRow, type Shape } from './data.ts';

/**
 * A panel that costs next to nothing: pages lie ready in a file and are sent as they are. It stands for IPmanager's wire
 * format, not for its speed. `delay` is added to every page, as a slow panel would.
 */

interface Page {
  readonly at: number;
  readonly bytes: number;
}

const pageRows = 1_000;

interface Book {
  readonly file: number;
  readonly pages: readonly Page[];
  readonly total: number;
}

export function writePages(path: string, shape: Shape): Book {
  const file = openSync(path, 'w+');
  const pages: Page[] = [];
  const rows = listedNumbers(shape);
  const total = rows.count;
  let at = 0;
  for (let number = 1; (number - 1) * pageRows < Math.max(total, 1); number += 1) {
    const elems: string[] = [];
    while (elems.length < pageRows) {
      const next = rows.next();
      if (next === undefined) break;
      elems.push(listedRow(next, shape));
    }
    const tail = `"p_cnt":{"$":"${pageRows}"},"p_elems":{"$":"${total}"},"p_num":{"$":"${number}"}`;
    const body = Buffer.from(`{"doc":{"$func":"ip","elem":[${elems.join(',')}],${tail}}}`);
    writeSync(file, body);
    pages.push({ at, bytes: body.length });
    at += body.length;
  }
  return { file, pages, total };
}

function listedNumbers(shape: Shape): { readonly count: number; next(): number | undefined } {
  let count = 0;
  for (let n = 0; n < shape.rows; n += 1) count += isMissingThere(n, shape) ? 0 : 1;
  let n = -1;
  return {
    count,
    next() {
      do n += 1;
      while (n < shape.rows && isMissingThere(n, shape));
      return n < shape.rows ? n : undefined;
    },
  };
}

const login = JSON.stringify({ doc: { auth: { $id: 'bench-session', $level: '16', $: 'bench-session' } } });

/** Serves the book until the process is told to end. Prints its port. */
export function serve(book: Book, delayMs: number): void {
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () => {
      const asked = new URLSearchParams(body);
      const send = (answer: string | Buffer): void => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(answer) });
        response.end(answer);
      };
      if (asked.get('func') === 'auth') return send(login);
      const answer = pageOf(book, Number(asked.get('p_num') ?? '1'));
      if (delayMs === 0) send(answer);
      else setTimeout(() => send(answer), delayMs);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.send?.({ port: typeof address === 'object' && address !== null ? address.port : 0 });
  });
  process.on('message', (message) => {
    if (message === 'cpu') process.send?.({ cpu: process.cpuUsage() });
  });
  process.on('disconnect', () => {
    closeSync(book.file);
    process.exit(0);
  });
}

function pageOf(book: Book, number: number): Buffer {
  const page = book.pages[number - 1];
  const body = Buffer.allocUnsafe(page?.bytes ?? 0);
  if (page !== undefined) readSync(book.file, body, 0, page.bytes, page.at);
  return body;
}

if (process.argv[2] === 'serve') {
  const [path = '', shape = '{}', delay = '0'] = process.argv.slice(3);
  serve(writePages(path, JSON.parse(shape) as Shape), Number(delay));
}
