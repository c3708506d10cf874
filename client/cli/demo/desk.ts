import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { IpManager } from '../../../activities/ipmanager/ip-manager.ts';
import type { ServiceRecord } from '../../../activities/ledger/records.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { IptallyError } from '../../../worker/iptally-error.ts';
import type { ServiceState } from '../../../workflows/domain/states.ts';
import type { IptallyClient } from '../../index.ts';

/** What the demo works with: the ordinary client, the ledger to look at, and a seat at IPmanager for the mishap. */
export interface Desk {
  readonly client: IptallyClient;
  readonly ledger: Ledger;
  /** The administrator's login at the simulated panel: people do things there that nobody told us. */
  readonly panel: IpManager;
  /** The login of billing at the same panel: what is taken by it is in the list the sync reads. */
  readonly billing: IpManager;
  /** The integration's name. */
  readonly integration: string;
  /** Counts from 1: each play has ids of its own. */
  readonly play: number;
  readonly say: (text: string) => void;
}

/** What one step came to. */
export interface Told {
  readonly step: string;
  readonly happened: string;
  readonly addresses: readonly string[];
  /** Nothing where no workflow ran. */
  readonly workflowId: string | null;
  /** Where its newest run is not the one that is told of. */
  readonly runId?: string;
}

export const names = {
  servers: { shared: 'shared1', vps: 'vps1' },
  tariffs: { web: 'web-own-ip', vps: 'vps-small' },
} as const;

/** `vps-1001` in the first play, `vps-2001` in the second. */
export function idOf(desk: Pick<Desk, 'play'>, kind: 'vps' | 'web' | 'ssl', number: number): string {
  return `${kind}-${desk.play * 1000 + number}`;
}

/** `ada.example` in the first play, `ada2.example` in the second. */
export function domainOf(desk: Pick<Desk, 'play'>, word: string): string {
  return `${word}${desk.play === 1 ? '' : desk.play}.example`;
}

/** Looks until a service is as wanted; the demo's steps take seconds. */
export async function until(desk: Desk, id: string, states: readonly ServiceState[]): Promise<ServiceRecord> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const found = await desk.ledger.services.find(id);
    if (found !== undefined && states.includes(found.state)) return found;
    if (Date.now() > giveUp) {
      const now = found?.state ?? 'not there';
      throw stuck(`${id} is ${now} after a minute, not ${states.join(' or ')}`, `see "iptally service show ${id}"`);
    }
    await sleep(200);
  }
}

export function stuck(message: string, next: string): IptallyError {
  return new IptallyError({ code: 'demo-stuck', message, next });
}

/** The addresses of a service, in address order. */
export async function ipsOf(desk: Desk, service: string): Promise<readonly string[]> {
  return (await desk.ledger.addresses.list({ service })).map(({ ip }) => ip);
}
