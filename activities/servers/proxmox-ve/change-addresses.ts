import { done, refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { configRequest } from './change-config.ts';
import { findGuest } from './find-guest.ts';
import { isEmpty } from './guest-kind.ts';
import type { Panel } from './panel.ts';
import { noSuchService, stillListed, tooManyAddresses } from './refusals.ts';
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

/** Puts one address on a guest or takes it off; the configuration, read again, has the last word. */
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

async function plan(job: AddressChange) {
  const { panel, service, settings, ip } = job;
  const found = await findGuest(panel, service, settings.vmids);
  if (found.kind === 'absent') return { outcome: job.what === 'add' ? refused(noSuchService(service)) : done };
  if (found.kind === 'being-made') return { outcome: beingMade(found) };
  const { guest, list } = found;
  const { kind, vmid } = guest.listed;
  const there = kind.addressesIn(guest.config);
  if (there.includes(ip) === (job.what === 'add')) return { outcome: done };
  if (guest.task !== undefined) return { outcome: started(guest.task) };
  if (job.what === 'add' && settings.scan) {
    const used = await usedElsewhere(panel, list, { addresses: [ip], except: vmid });
    if (used !== undefined) return { outcome: refused(used) };
  }
  const wanted = job.what === 'add' ? [...there, ip] : there.filter((one) => one !== ip);
  const change = kind.planAddresses(guest.config, wanted, settings);
  if (change === undefined || isEmpty(change)) return { outcome: refused(tooManyAddresses(service)) };
  return { request: configRequest(guest, change) };
}
