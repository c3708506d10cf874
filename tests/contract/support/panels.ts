import { createIpManager, type IpManagerOptions } from '../../../activities/ipmanager/http/create-ip-manager.ts';
import type { IpManager } from '../../../activities/ipmanager/ip-manager.ts';
import {
  startIpManagerSimulator,
  type IpManagerSimulator,
  type IpManagerSimulatorOptions,
} from '../../../activities/ipmanager/simulator/start.ts';
import {
  createWorld,
  type World,
  type WorldKnobs,
  type WorldOptions,
} from '../../../activities/ipmanager/simulator/world.ts';
import type { Trust } from '../../../activities/servers/server-module.ts';
import type { Mark } from '../../../workflows/domain/tag.ts';

/** Planted wherever a secret goes in; no text that comes out may hold it (I11). */
export const canary = 'C4nary pässwörd+%3A:"x"';

export const openTrust: Trust = { ca: null, pin: null, allowPlainHttp: true, allowPrivate: true };

export function mark(number: number): Mark {
  const hex = number.toString(16);
  return { tag: `iptally:0123456789ab:${hex.padStart(16, '0')}`, label: `iptally-${hex.padStart(32, '0')}` };
}

/** Two users with rights, one without, one administrator. */
export function smallWorld(knobs: Partial<WorldKnobs> = {}, more: Partial<WorldOptions> = {}): World {
  return createWorld({
    networks: ['203.0.113.0/28', '198.51.100.0/28', '2001:db8::/64'],
    users: [
      {
        name: 'billing',
        password: canary,
        permissions: [
          { pool: '203.0.113.0/28', groups: ['public'] },
          { pool: '198.51.100.0/28', groups: ['alias'] },
          { pool: '2001:db8::/64', groups: ['public'] },
        ],
      },
      { name: 'other', password: canary, permissions: [{ pool: '203.0.113.0/28', groups: ['public'] }] },
      { name: 'nobody', password: canary },
      { name: 'admin', password: canary, level: 29 },
    ],
    knobs,
    ...more,
  });
}

/** Panels and clients of one test, closed together. */
export class Panels {
  readonly #open: { close(): Promise<void> }[] = [];

  async panel(options: IpManagerSimulatorOptions = {}): Promise<IpManagerSimulator> {
    return this.keep(await startIpManagerSimulator({ world: smallWorld(), ...options }));
  }

  client(url: string, options: Partial<IpManagerOptions> = {}): IpManager {
    const made = createIpManager({
      url,
      login: 'billing',
      password: canary,
      trust: openTrust,
      // More than any answer takes, also on a busy machine.
      requestTimeoutMs: 20_000,
      ...options,
    });
    return this.keep(made);
  }

  keep<T extends { close(): Promise<void> }>(made: T): T {
    this.#open.push(made);
    return made;
  }

  async close(): Promise<void> {
    for (const one of this.#open.splice(0).toReversed()) await one.close();
  }
}

/** The address of an allocation that must have worked. */
export function allocatedIp(outcome: Awaited<ReturnType<IpManager['allocate']>>): string {
  if (outcome.kind !== 'allocated') throw new Error(`not allocated: ${JSON.stringify(outcome)}`);
  return outcome.ip;
}
