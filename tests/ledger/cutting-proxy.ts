import { connect, createServer, type Socket } from 'node:net';

/** Where a connection is cut: before the server sees `commit`, or after it did and before the client hears of it. */
export type Cut = 'before-commit' | 'after-commit';

export interface CuttingProxy {
  /** The database's URL by way of the proxy. */
  readonly url: string;
  /** Cuts at the next commit; how often it came to that is told, since a fault that never fired proves nothing. */
  arm(cut: Cut): void;
  fired(): number;
  close(): Promise<void>;
}

/** The message that asks for it: values that contain the word are not meant. */
const commitQuery = /^Q.{4}commit\0/is;

/** A TCP proxy before PostgreSQL on loopback that loses commits, or their answers. */
export async function cuttingProxy(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: Cut | undefined;
  let fired = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    let deaf = false;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
    client.on('data', (chunk) => {
      if (armed !== undefined && commitQuery.test(chunk.toString('latin1'))) {
        const cut = armed;
        armed = undefined;
        fired += 1;
        if (cut === 'before-commit') return void client.destroy();
        deaf = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      // The server has committed: it says so, and nobody hears it.
      if (deaf) client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).toString(),
    arm: (cut) => {
      armed = cut;
    },
    fired: () => fired,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
