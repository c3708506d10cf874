import type { Failure } from '../../../workflows/domain/failure.ts';
import type { RestRequest } from '../../rest/exchange.ts';
import { done, refused } from '../outcome.ts';
import type { ServerOutcome, SetUpRequest } from '../server-module.ts';
import { configRequest } from './change-config.ts';
import { guestKinds, guestPath } from './cluster-view.ts';
import { findGuest, type Found, type Guest } from './find-guest.ts';
import { both, isEmpty, noChange } from './guest-kind.ts';
import { finishedNotes, guestNameOf, unfinishedNotes } from './guest-name.ts';
import type { Changed, Panel } from './panel.ts';
import { guestTypeFor, placeGuest } from './place-guest.ts';
import { notProven, noVmid, stillInForce, tooManyAddresses, turnsInCircles } from './refusals.ts';
import type { Settings } from './settings.ts';
import { beingMade, started, startedBy } from './tasks.ts';
import { usedElsewhere } from './used-addresses.ts';

export interface SettingUp {
  readonly panel: Panel;
  readonly request: SetUpRequest;
  readonly settings: Settings;
  /** Called when something was changed on the server. */
  readonly sent: () => void;
}

/** What is to be done next with what was found. */
type Step =
  | { readonly kind: 'ended'; readonly outcome: ServerOutcome }
  | {
      readonly kind: 'change';
      readonly request: RestRequest;
      readonly inTask: boolean;
      /** It changes what an earlier call made. */
      readonly left?: boolean;
    };

/** More than these steps follow each other in no set-up. */
const mostSteps = 6;

/**
 * Looks, does the one next thing, and looks again, until all is as asked or the panel works on it in a task. Whatever an
 * earlier call did is found and not done again: the guest made, its configuration, a larger disk, its first start, and
 * the end of the set-up in its notes.
 */
export async function setUp(job: SettingUp): Promise<ServerOutcome> {
  let last: ServerOutcome = { kind: 'unknown', failure: turnsInCircles(job.request.service) };
  for (let steps = 0; steps < mostSteps; steps += 1) {
    const found = await findGuest(job.panel, job.request.service, job.settings.vmids);
    const step = await nextStep(job, found);
    if (step.kind === 'ended') return step.outcome;
    const changed = await job.panel.change(step.request);
    if (changed.kind !== 'ok') {
      last = step.left === true ? notNothing(changed.outcome) : changed.outcome;
      if (changed.kind === 'ended') return last;
    } else {
      const outcome = afterChange(step, changed);
      if (outcome !== undefined) return outcome;
      job.sent();
    }
  }
  return last;
}

/** A task is followed by the workflow; what was done when it was answered is looked at at once. */
function afterChange({ inTask }: Extract<Step, { kind: 'change' }>, changed: Extract<Changed, { kind: 'ok' }>) {
  // Growing a disk answers with a task since version 8, and with nothing before (seen: API2/Qemu.pm resize_vm).
  return inTask || typeof changed.value === 'string' ? startedBy(changed) : undefined;
}

async function nextStep(job: SettingUp, found: Found): Promise<Step> {
  switch (found.kind) {
    case 'absent':
      return creation(job, found);
    case 'not-proven':
      return leftThere(ended(refused(notProven(job.request.service, found.listed))));
    case 'being-made':
      return leftThere(ended(beingMade(found)));
    case 'ours':
      return leftThere(await goOn(job, found));
  }
}

/** `refused` says that nothing of the service is there: no word for a no that meets what an earlier call made. */
function leftThere(step: Step): Step {
  if (step.kind !== 'ended') return { ...step, left: true };
  return ended(notNothing(step.outcome));
}

function notNothing(outcome: ServerOutcome): ServerOutcome {
  return outcome.kind === 'refused' ? { kind: 'task-failed', failure: outcome.failure } : outcome;
}

function ended(outcome: ServerOutcome): Step {
  return { kind: 'ended', outcome };
}

async function creation(job: SettingUp, found: Extract<Found, { kind: 'absent' }>): Promise<Step> {
  const { panel, settings } = job;
  const { service, addresses } = job.request;
  if (found.vmid === undefined) return ended(refused(noVmid(service)));
  const { list } = found;
  // Side by side: a change may only leave in the first half of its call.
  const [type, used] = await Promise.all([
    guestTypeFor(panel, settings),
    conflict(job, { list, guest: undefined, addresses }),
  ]);
  if (used !== undefined) return ended(refused(used));
  const kind = guestKinds[type];
  if (kind.planAddresses({}, addresses, settings) === undefined) return ended(refused(tooManyAddresses(service)));
  const placed = await placeGuest(panel, { type, settings, list });
  if ('code' in placed) return ended(refused(placed));
  const request = kind.creation({
    ...placed,
    vmid: found.vmid,
    name: guestNameOf(service),
    notes: unfinishedNotes(service),
    addresses,
    settings,
  });
  return { kind: 'change', request, inTask: true };
}

async function goOn(job: SettingUp, { guest, list }: Extract<Found, { kind: 'ours' }>): Promise<Step> {
  const { settings } = job;
  const { service, addresses } = job.request;
  if (guest.task !== undefined) return ended(started(guest.task));
  const { kind } = guest.listed;
  const extra = kind.addressesIn(guest.config).find((ip) => !addresses.includes(ip));
  if (extra !== undefined && guest.running && kind.changesAtBoot)
    return ended(refused(stillInForce(extra, guest.listed)));
  const plan = kind.planAddresses(guest.config, addresses, settings);
  if (plan === undefined) return ended(refused(tooManyAddresses(service)));
  const change = both(plan, guest.unfinished ? kind.planRest(guest.config, settings) : noChange);
  if (!isEmpty(change)) {
    const used = await conflict(job, { list, guest, addresses });
    if (used !== undefined) return ended(refused(used));
    return { kind: 'change', request: configRequest(guest, change), inTask: false };
  }
  return guest.unfinished ? towardsTheEnd(guest, settings) : ended(done);
}

/** What is left of a set-up once the configuration is right. */
function towardsTheEnd(guest: Guest, settings: Settings): Step {
  const path = guestPath(guest.listed);
  const growth = guest.listed.kind.growth(guest.config, settings);
  if (growth !== undefined) {
    const request: RestRequest = { method: 'PUT', path: `${path}/resize`, form: { ...growth } };
    return { kind: 'change', request, inTask: false };
  }
  if (!guest.running) {
    return { kind: 'change', request: { method: 'POST', path: `${path}/status/start`, form: {} }, inTask: true };
  }
  const set = { description: finishedNotes(guest.notes), onboot: '1' };
  return { kind: 'change', request: configRequest(guest, { set, remove: [] }), inTask: false };
}

interface Asking {
  readonly list: Extract<Found, { kind: 'ours' }>['list'];
  readonly guest: Guest | undefined;
  readonly addresses: readonly string[];
}

/** Asked before anything is changed, and only for addresses that are not there yet. */
async function conflict({ panel, settings }: SettingUp, asking: Asking): Promise<Failure | undefined> {
  const { guest, list } = asking;
  const there = guest === undefined ? [] : guest.listed.kind.addressesIn(guest.config);
  const addresses = asking.addresses.filter((ip) => !there.includes(ip));
  if (!settings.scan || addresses.length === 0) return undefined;
  return usedElsewhere(panel, list, { addresses, except: guest?.listed.vmid });
}
