import { done, refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { guestPath } from './cluster-view.ts';
import { findGuest } from './find-guest.ts';
import type { Changed, Panel } from './panel.ts';
import { majorOf, versionOf } from './place-guest.ts';
import { notProven } from './refusals.ts';
import type { Settings } from './settings.ts';
import { beingMade, started, startedBy } from './tasks.ts';

/** A guest that changed between the look and the step is looked at again, this often. */
const mostLooks = 3;

/** Stops the guest, then removes it with its disks: two tasks, found again by looking. Never a guest that is not ours. */
export async function removeGuest(panel: Panel, service: ServiceOnServer, settings: Settings): Promise<ServerOutcome> {
  for (let looks = 1; ; looks += 1) {
    const changed = await removeStep(panel, service, settings);
    if (changed.kind === 'ok') return startedBy(changed);
    if (changed.kind === 'ended' || looks === mostLooks) return changed.outcome;
  }
}

async function removeStep(panel: Panel, service: ServiceOnServer, settings: Settings): Promise<Changed> {
  const found = await findGuest(panel, service, settings.vmids);
  if (found.kind === 'absent') return { kind: 'ended', outcome: done };
  if (found.kind === 'not-proven') return { kind: 'ended', outcome: refused(notProven(service, found.listed)) };
  if (found.kind === 'being-made') return { kind: 'ended', outcome: beingMade(found) };
  const { guest } = found;
  if (guest.task !== undefined) return { kind: 'ended', outcome: started(guest.task) };
  const path = guestPath(guest.listed);
  if (guest.running) return panel.change({ method: 'POST', path: `${path}/status/stop`, form: {} });
  return panel.change({ method: 'DELETE', path: `${path}${await purging(panel)}` });
}

/** Takes the guest out of backup and replication jobs too, where the version knows how (since 6.1; seen: API2/LXC.pm). */
async function purging(panel: Panel): Promise<string> {
  return majorOf(await versionOf(panel)) >= 7 ? '?purge=1' : '';
}
