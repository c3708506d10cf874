import type { Composition } from '../../worker/compose.ts';
import { type Config, type ConfigFlags, readConfig, requireDatabase, requireTemporal } from '../../worker/config.ts';
import { inTime } from '../../worker/in-time.ts';
import type { IptallyClient } from '../index.ts';
import { progressOn, type Progress } from './render/progress.ts';

/** What one command works with. Each part is made when it is first asked for: `--help` connects to nothing. */
export interface Session {
  readonly config: Config;
  readonly json: boolean;
  /** Ledger, panels and servers. */
  readonly parts: () => Promise<Composition>;
  readonly client: () => Promise<IptallyClient>;
  /** A line on stderr. */
  readonly warn: (text: string) => void;
  /** What goes on, on a terminal only. */
  readonly progress: Progress;
  readonly close: () => Promise<void>;
}

const mostToCloseMs = 3_000;

export function openSession(flags: ConfigFlags & { readonly json?: boolean | undefined }): Session {
  return sessionOn(readConfig(flags), flags.json === true);
}

export function sessionOn(config: Config, json: boolean): Session {
  const opened: (() => Promise<void>)[] = [];
  const progress = progressOn(process.stderr);
  const warn = (text: string): void => {
    progress.clear();
    process.stderr.write(`${text}\n`);
  };
  let parts: Promise<Composition> | undefined;
  let client: Promise<IptallyClient> | undefined;
  return {
    config,
    json,
    warn,
    progress,
    parts: () => {
      parts ??= composed(config, { warn, opened });
      return parts;
    },
    client: () => {
      client ??= connected(config, { warn, opened });
      return client;
    },
    close: async () => {
      progress.clear();
      // The document is printed: a pool that never says that it is closed must not keep the command from ending.
      await inTime(Promise.allSettled(opened.map((close) => close())), mostToCloseMs);
    },
  };
}

interface Opening {
  readonly warn: (text: string) => void;
  readonly opened: (() => Promise<void>)[];
}

async function composed(config: Config, { warn, opened }: Opening): Promise<Composition> {
  requireDatabase(config);
  const { compose } = await import('../../worker/compose.ts');
  const composition = await compose(config, { warn, poolSize: 2, keyWhenNeeded: true });
  opened.push(() => composition.close());
  return composition;
}

async function connected(config: Config, { warn, opened }: Opening): Promise<IptallyClient> {
  const address = requireTemporal(config);
  const { connectIptally } = await import('../index.ts');
  const client = await connectIptally({
    address,
    namespace: config.namespace,
    connectionOptions: config.temporalOptions,
    warn,
  });
  opened.push(() => client.close());
  return client;
}
