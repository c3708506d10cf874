import { IptallyError } from './iptally-error.ts';

/**
 * Keeps one live object a name, made from what the ledger says of it now. A changed setting makes a new object; the old
 * one is closed once nobody can have it any more. Secrets are opened at each look, as a changed one makes a new object too;
 * only the object keeps them (I11).
 */
export interface Connections<Item> {
  of(name: string): Promise<Item>;
  close(): Promise<void>;
}

export interface ConnectionSource<Record, Item> {
  readonly what: string;
  readonly find: (name: string) => Promise<Record | undefined>;
  /** What a new object must be made for; nothing secret. */
  readonly fingerprint: (record: Record) => string;
  readonly open: (record: Record) => Promise<Item>;
  readonly close: (item: Item) => Promise<void>;
}

interface Kept<Item> {
  readonly fingerprint: string;
  readonly item: Promise<Item>;
}

/** A request that was begun on an object that is no longer current may take this long at most. */
const retireAfterMs = 15 * 60_000;

export function connections<Record, Item>(source: ConnectionSource<Record, Item>): Connections<Item> {
  const kept = new Map<string, Kept<Item>>();

  function retire({ item }: Kept<Item>): void {
    const end = () => void item.then(source.close).catch(() => {});
    setTimeout(end, retireAfterMs).unref();
  }

  return {
    async of(name) {
      const record = await source.find(name);
      if (record === undefined) throw noSuch(source.what, name);
      const fingerprint = source.fingerprint(record);
      const current = kept.get(name);
      if (current?.fingerprint === fingerprint) return current.item;
      if (current !== undefined) retire(current);
      const fresh: Kept<Item> = { fingerprint, item: source.open(record) };
      kept.set(name, fresh);
      // An object that could not be made is not kept: the next call tries again.
      fresh.item.catch(() => kept.get(name) === fresh && kept.delete(name));
      return fresh.item;
    },
    async close() {
      const items = await Promise.allSettled([...kept.values()].map(({ item }) => item));
      kept.clear();
      for (const item of items) if (item.status === 'fulfilled') await source.close(item.value);
    },
  };
}

function noSuch(what: string, name: string): IptallyError {
  return new IptallyError({
    code: `no-such-${what}`,
    message: `there is no ${what} ${name}`,
    field: what,
    value: name,
    next: `see iptally ${what} list`,
  });
}
