import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { readJsonObject, writeJson } from './files.ts';

/**
 * Below the range that systems hand out to outgoing connections: a port kept for the next start is not taken in the
 * meantime by somebody's client socket.
 */
const FIRST = 20_000;
const LAST = 31_999;

/** Whether somebody could listen on this port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

/**
 * A free port on 127.0.0.1. Whoever asks must be ready to ask again: between the answer and the use somebody else may
 * take it, and no call can exclude that for a server that binds by itself.
 */
export async function freePort(except: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = randomInt(FIRST, LAST + 1);
    if (!except.has(port) && (await isFree(port))) return port;
  }
  // 200 random tries failing means the range is shut; then any port the system gives will do.
  return systemPort();
}

function systemPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port on 127.0.0.1'));
        else resolve(address.port);
      });
    });
  });
}

/** Remembers which port a part of the stack had, so that URLs kept elsewhere stay right after a restart. */
export interface PortBook {
  /** The port this name had, if it is still free, else another one, which is remembered. */
  readonly port: (name: string) => Promise<number>;
  /** Another port than the remembered one, for a part that found it taken. */
  readonly another: (name: string) => Promise<number>;
}

/** Opens the book kept in a file; a file that cannot be read is an empty book. */
export function openPortBook(path: string): PortBook {
  const ports = new Map<string, number>();
  for (const [name, port] of Object.entries(readJsonObject(path) ?? {})) {
    if (typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65_536) ports.set(name, port);
  }

  const another = async (name: string): Promise<number> => {
    const port = await freePort(new Set(ports.values()));
    ports.set(name, port);
    writeJson(path, Object.fromEntries(ports));
    return port;
  };
  const port = async (name: string): Promise<number> => {
    const known = ports.get(name);
    return known !== undefined && (await isFree(known)) ? known : another(name);
  };
  return { port, another };
}
