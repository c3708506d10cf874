import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { freePort, isFree, openPortBook } from '../../worker/local/ports.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let folder: string;
let book: string;
const servers: Server[] = [];
beforeEach(() => {
  folder = temporaryHome();
  book = join(folder, 'ports.json');
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close();
  await removeHome(folder);
});

function occupy(port: number): Promise<void> {
  return new Promise((resolve) => {
    const server = createServer();
    servers.push(server);
    server.listen(port, '127.0.0.1', () => {
      resolve();
    });
  });
}

test('a free port can be listened on, an occupied one is not free', async () => {
  const port = await freePort();
  expect(await isFree(port)).toBe(true);
  await occupy(port);
  expect(await isFree(port)).toBe(false);
});

test('a part has the port again that it had before', async () => {
  const port = await openPortBook(book).port('temporal');
  expect(await openPortBook(book).port('temporal')).toBe(port);
  expect(JSON.parse(readFileSync(book, 'utf8'))).toEqual({ temporal: port });
});

test('a part whose port was taken in the meantime has another one, and keeps that', async () => {
  const port = await openPortBook(book).port('temporal');
  await occupy(port);
  const next = await openPortBook(book).port('temporal');
  expect(next).not.toBe(port);
  expect(await openPortBook(book).port('temporal')).toBe(next);
});

test('two parts never share a port', async () => {
  const ports = openPortBook(book);
  const names = Array.from({ length: 20 }, (_, index) => `part-${index}`);
  const taken = await Promise.all(names.map((name) => ports.port(name)));
  expect(new Set(taken).size).toBe(names.length);
});

test.each(['', 'not json', '{"temporal": 70000}', '{"temporal": "80"}'])(
  'a book with %p in it is an empty one',
  async (content) => {
    writeFileSync(book, content);
    expect(await openPortBook(book).port('temporal')).toBeGreaterThan(1023);
  },
);
