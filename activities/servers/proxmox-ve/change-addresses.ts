import { done, refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { configRequest } from './change-config.ts';
import type { ClusterList } from './cluster-view.ts';
import { findGuest, type Guest } from './find-guest.ts';
import { isEmpty } from './guest-kind.ts';
import { addressesInForce } from './in-force.ts';
import type { Panel } from './panel.ts';
import { noSuchService, notProven, stillInForce, stillListed, tooManyAddresses } from './refusals.ts';
import type { Settings } from './settings.ts';
import { beingMade, started } from './tasks.ts';
import { usedElsewhere } from './used-addresses.ts';

export interface AddressChange {
  readonly panel: Panel;
  readonly service: ServiceOnServer;
  readonly settings: Settings;
  readonly ip: string;
  readonly what: 'add' | 'take-off';
  readonly sent: () => void;
}

/** A change that was refused because the guest changed meanwhile is planned anew, this often. */
const mostLooks = 4;

/** Puts one address on a guest or takes it off; the configuration, read again, has the last word, and of a running guest what it works with. */
export async function changeAddress(job: AddressChange): Promise<ServerOutcome> {
  let last: ServerOutcome = { kind: 'unknown', failure: stillListed(job.ip) };
  for (let looks = 0; looks < mostLooks; looks += 1) {
    const planned = await plan(job);
    if ('outcome' in planned) return planned.outcome;
    const changed = await job.panel.change(planned.request);
    if (changed.kind === 'ended') return changed.outcome;
    if (changed.kind === 'look-again') last = changed.outcome;
    else job.sent();
  }
  return last;
}

interface Seen {
  readonly guest: Guest;
  readonly list: ClusterList;
  readonly there: readonly string[];
}

async function whyNotToAdd(job: AddressChange, { guest, list, there }: Seen): Promise<ServerOutcome | undefined> {
  const { panel, settings, ip } = job;
  if (there.includes(ip)) return done;
  if (guest.task !== undefined) return started(guest.task);
  if (!settings.scan) return undefined;
  const used = await usedElsewhere(panel, list, { addresses: [ip], except: guest.listed.vmid });
  return used === undefined ? undefined : refused(used);
}

/** Off means that a running guest does not work with it any more either (I4). */
async function offAlready(
  { panel, ip }: AddressChange,
  guest: Guest,
  there: readonly string[],
): Promise<ServerOutcome | undefined> {
  const inForce = (await addressesInForce(panel, guest)).includes(ip);
  const listed = there.includes(ip);
  if (!listed && !inForce) return done;
  if (guest.task !== undefined) return started(guest.task);
  // Nothing is written that would not hold: the customer decides when the guest is stopped.
  return inForce && (!listed || guest.listed.kind.changesAtBoot) ? refused(stillInForce(ip, guest.listed)) : undefined;
}

async function plan(job: AddressChange) {
  const { panel, service, settings, ip } = job;
  const found = await findGuest(panel, service, settings.vmids);
  if (found.kind === 'absent') return { outcome: job.what === 'add' ? refused(noSuchService(service)) : done };
  if (found.kind === 'not-proven') return { outcome: refused(notProven(service, found.listed)) };
  if (found.kind === 'being-made') return { outcome: beingMade(found) };
  const { guest, list } = found;
  const { kind } = guest.listed;
  const there = kind.addressesIn(guest.config);
  const ended =
    job.what === 'add' ? await whyNotToAdd(job, { guest, list, there }) : await offAlready(job, guest, there);
  if (ended !== undefined) return { outcome: ended };
  const wanted = job.what === 'add' ? [...there, ip] : there.filter((one) => one !== ip);
  const change = kind.planAddresses(guest.config, wanted, settings);
  if (change === undefined || isEmpty(change)) return { outcome: refused(tooManyAddresses(service)) };
  return { request: configRequest(guest, change) };
}
