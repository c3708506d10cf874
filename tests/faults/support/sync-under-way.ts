import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../../support/engine.ts';
import { wide } from '../../workflows/support/sync-claims.ts';
import { approvedBefore, atRest, mutations, site, startSync } from '../../workflows/support/sync-desk.ts';

const strays = 80;
const pages = 40;
const pageRows = 1_000;

/** A sync with a long list and much to mend, slow enough that something can happen in the middle of either. */
export async function syncUnderWay(engine: Engine, name: string) {
  const { faults } = engine.simulator;
  const main = await site(engine, name, { thresholds: wide, releaseLimit: 1_000, ignoredGroups: ['theirs'] });
  await main.serve(`${name}-1`);
  await approvedBefore(main);
  for (let n = 0; n < strays; n += 1) main.byHand(100 + n);
  main.crowd(pages * pageRows);
  const before = mutations(main).length;
  const seen = { listed: 0 };
  faults.hook = ({ user, purpose }) => {
    if (user !== name) return undefined;
    if (purpose === 'list') seen.listed += 1;
    return { kind: 'delay', ms: purpose === 'list' ? 250 : 30 };
  };
  const handle = await startSync(main);
  const deletes = () => mutations(main).slice(before);
  return {
    /** Until a part of the list is read. */
    async listing(): Promise<void> {
      while (seen.listed < pages / 4) await sleep(10);
    },
    /** Until a part of the plan is applied. */
    async applying(): Promise<void> {
      while (deletes().length < strays / 10) await sleep(10);
    },
    /** Where it stands, to be sure that it was in the middle. */
    stands: () => ({ listed: seen.listed >= pages ? 'all' : 'some', applied: shareOf(deletes().length) }),
    /** What it came to. A second sync right after has nothing to do. */
    async ended() {
      const { state, outcomes } = await handle.result();
      const released = deletes().map(({ parameters }) => parameters['elid']);
      faults.hook = undefined;
      await atRest(main);
      return {
        state,
        left: strays - (outcomes.done ?? 0),
        deletes: released.length,
        addresses: new Set(released).size,
      };
    },
  };
}

function shareOf(deletes: number): 'none' | 'some' | 'all' {
  if (deletes === 0) return 'none';
  return deletes < strays ? 'some' : 'all';
}

export const finishedOnce = { state: 'applied', left: 0, deletes: strays, addresses: strays };
export const inTheListing = { listed: 'some', applied: 'none' };
export const inTheApply = { listed: 'all', applied: 'some' };
