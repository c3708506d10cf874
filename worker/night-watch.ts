import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Logger } from 'pino';
import type { Ledger } from '../activities/ledger/ledger.ts';
import type { Reason } from '../workflows/domain/failure.ts';
import { healthOf } from './integration-health.ts';
import { type NightGauges, openNightGauges } from './night-gauges.ts';
import { keepSchedule, removeStraySchedules, type ScheduleStanding, type ScheduleWays } from './schedules.ts';

/** Often enough that a silent night is told of in its own morning, seldom enough to cost nothing. */
const everyMs = 600_000;
/** The same problem is told again after this time, not at every look. */
const againMs = 3_600_000;
/** A Temporal that does not answer holds one look up for so long, whatever the number of integrations. */
const lookMs = 60_000;

export interface NightWatch {
  readonly client: Client;
  readonly ledger: Ledger;
  readonly log: Logger;
  readonly stop: AbortSignal;
  readonly everyMs?: number;
  /** Tests have schedules on a queue of their own. */
  readonly ways?: ScheduleWays;
}

interface Look extends NightWatch {
  readonly gauges: NightGauges;
  readonly tell: (problem: Reason & { readonly integration?: string }, error?: unknown) => void;
  /** Every schedule is written, and not only those that differ: another version may have made them. */
  readonly anew: boolean;
}

/**
 * As long as the worker lives, brings the nightly schedules in order (an integration may have been saved while Temporal was
 * not there) and tells of nights that are silent: in its log, and as metrics (design.md 10). It is loudest when the ledger
 * or Temporal is away: nothing syncs then.
 */
export async function watchNights(watch: NightWatch): Promise<void> {
  const { client, stop } = watch;
  const [tell, gauges] = [teller(watch), openNightGauges()];
  let anew = true;
  while (!stop.aborted) {
    const look: Look = { ...watch, tell, gauges, anew };
    const looking = () => client.withDeadline(Date.now() + lookMs, () => lookAt(look));
    const inOrder = await client.withAbortSignal(stop, looking);
    anew &&= !inOrder;
    await sleep(watch.everyMs ?? everyMs, undefined, { signal: stop, ref: false }).catch(() => undefined);
  }
}

/** One look at all of them; answers whether every schedule is as it should be. */
async function lookAt(look: Look): Promise<boolean> {
  const { client, ledger, tell, gauges } = look;
  const { integrations } = ledger.settings;
  gauges.age();
  try {
    const names = (await integrations.list()).map(({ name }) => name);
    gauges.keepOnly(names);
    let inOrder = true;
    // Each by itself: one that fails hides none of those after it.
    for (const name of names) inOrder = (await lookAtOne(look, name)) && inOrder;
    await removeStraySchedules(client, integrations, look.ways).catch((error: unknown) => {
      tell({ code: 'schedules-not-seen', message: 'Temporal does not say which nightly schedules there are' }, error);
    });
    return inOrder;
  } catch (error) {
    tell({ code: 'ledger-not-seen', message: 'the ledger does not answer: nobody knows how the nights go' }, error);
    return false;
  }
}

async function lookAtOne(look: Look, name: string): Promise<boolean> {
  const { ledger, tell, gauges } = look;
  try {
    const standing = await standingOf(look, name);
    // After its schedule was looked at: one that was removed or edited meanwhile is no problem.
    const integration = await ledger.settings.integrations.find(name);
    if (integration === undefined) return true;
    const { health } = await healthOf(ledger, integration, { standing, now: Date.now() });
    gauges.set(health, Date.parse(integration.createdAt));
    for (const problem of health.problems) tell({ ...problem, integration: name });
    return standing !== 'unknown';
  } catch (error) {
    const message = `the ledger does not say how the nights of ${name} go`;
    tell({ code: 'nights-not-seen', message, integration: name }, error);
    return false;
  }
}

async function standingOf(look: Look, name: string): Promise<ScheduleStanding | 'unknown' | undefined> {
  const { client, ledger, tell, anew, ways } = look;
  try {
    return await keepSchedule(client, name, { ...ways, anew, integrations: ledger.settings.integrations });
  } catch (error) {
    const message = `the nightly schedule of ${name} could not be looked at or brought in order`;
    tell({ code: 'schedule-not-seen', message, integration: name }, error);
    return 'unknown';
  }
}

function teller({ log, stop }: NightWatch): Look['tell'] {
  const told = new Map<string, number>();
  return ({ code, message, integration }, error) => {
    const now = Date.now();
    const key = `${integration ?? ''} ${code}`;
    // Who stops in the middle of a look has seen nothing that is wrong.
    if (stop.aborted || now - (told.get(key) ?? 0) < againMs) return;
    told.set(key, now);
    // Never the words of a driver (I11).
    const name = error instanceof Error ? error.name : undefined;
    log.warn({ integration, code, error: name, next: 'see "iptally doctor"' }, message);
  };
}
