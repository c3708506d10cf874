import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Writable } from 'node:stream';

/** The driver itself, without what we build on it: it comes with MikroORM. */
const { Client } = createRequire(import.meta.url)('pg') as { readonly Client: new (url: string) => PgClient };

export interface PgClient {
  connect(): Promise<void>;
  query(copy: Submittable): void;
  query(sql: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly { readonly ip: string }[] }>;
  end(): Promise<void>;
}

interface PgConnection {
  readonly stream: Writable;
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** What the driver calls for a query that handles its own messages. */
interface Submittable {
  submit(connection: PgConnection): void;
  handleCopyInResponse?(connection: PgConnection): void;
  handleCopyData?(message: { readonly chunk: Buffer }): void;
  handleCommandComplete(): void;
  handleReadyForQuery(): void;
  handleError(error: unknown): void;
}

export async function connect(url: string): Promise<PgClient> {
  const client = new Client(url);
  await client.connect();
  return client;
}

/** `copy … to stdout`: its chunks are handed on, and only their length is taken. */
export function copyOut(client: PgClient, sql: string): Promise<number> {
  return new Promise((settle, fail) => {
    let sum = 0;
    client.query({
      submit: (connection) => connection.query(sql),
      handleCopyData: ({ chunk }) => {
        sum += chunk.length;
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => settle(sum),
      handleError: fail,
    });
  });
}

/** `copy … from stdin`, as fast as the server takes it. */
export function copyIn(client: PgClient, sql: string, chunks: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<void> {
  return new Promise((settle, fail) => {
    const send = async (connection: PgConnection): Promise<void> => {
      for await (const chunk of chunks) {
        connection.sendCopyFromChunk(chunk);
        if (connection.stream.writableNeedDrain) await once(connection.stream, 'drain');
      }
      connection.endCopyFrom();
    };
    client.query({
      submit: (connection) => connection.query(sql),
      handleCopyInResponse: (connection) => {
        send(connection).catch(fail);
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => settle(),
      handleError: fail,
    });
  });
}
