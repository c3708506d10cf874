import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  actions,
  discrepancies,
  type LedgerSide,
  type ListedSide,
  noFacts,
  type Sides,
} from '../../workflows/domain/discrepancy.ts';
import { judge, matches, needsFacts, plainlyInStep } from '../../workflows/domain/judge.ts';
import { policies, type PlanRow } from '../../workflows/domain/plan.ts';
import { planOf } from '../../workflows/domain/planning.ts';
import { sighting, tagIsDue } from '../../workflows/domain/sighting.ts';
import { truthTable } from '../../workflows/domain/truth-table.ts';
import { seed } from '../support/seed.ts';
import { looks, type Look } from './support/sync-looks.ts';
import { foreignTag, otherTag, ourTag } from './support/sync-sides.ts';

const numRuns = 10_000;

/** The report of a look of which it does not hold; nothing when it always does. */
function failing(holds: (look: Look, planned: readonly (PlanRow | undefined)[]) => boolean): string | undefined {
  const property = fc.property(looks, (look) => holds(look, plannedBy(look)));
  return fc.defaultReportMessage(fc.check(property, { seed, numRuns }));
}

/** What each policy plans for one look. */
function plannedBy({ sides, facts, context }: Look): readonly (PlanRow | undefined)[] {
  return policies.map((policy) => {
    const plan = planOf([{ ip: '192.0.2.1', ...sides, facts }], { context, policy });
    return 'refused' in plan ? undefined : plan.rows[0];
  });
}

const releases = (planned: readonly (PlanRow | undefined)[]): boolean =>
  planned.some((row) => row?.action === 'release');
const tagOn = ({ remote }: Sides): string | null => (remote.kind === 'used' ? remote.tag : null);
const rowOf = ({ ledger }: Sides) => (ledger.kind === 'row' ? ledger : null);

describe('whatever the two sides look like and whatever is known', () => {
  test('there is exactly one judgement, from the closed lists, and the same again', () => {
    expect(
      failing(({ sides, facts, context }) => {
        const judged = judge(sides, facts, context);
        if (JSON.stringify(judge(sides, facts, context)) !== JSON.stringify(judged)) return false;
        return (
          discrepancies.includes(judged.discrepancy) && (judged.action === null || actions.includes(judged.action))
        );
      }),
    ).toBeUndefined();
  });

  // As many looks as it takes, so that a rare row is no matter of luck; a row that nothing reaches ends at the last round.
  test('every row of the table is reached', () => {
    const missing = new Set(truthTable);
    for (let round = 0; round < 30 && missing.size > 0; round += 1) {
      for (const { sides, facts, context } of fc.sample(looks, { seed: seed + round, numRuns })) {
        const seen = sighting(sides, facts, context);
        const row = truthTable.find((each) => matches(each, seen));
        if (row !== undefined) missing.delete(row);
      }
    }
    expect([...missing]).toEqual([]);
  });

  test('I4: nothing is released that a service has, nor what is not held there', () => {
    expect(
      failing(({ sides }, planned) => {
        const state = rowOf(sides)?.state;
        return !releases(planned) || (sides.remote.kind === 'used' && state !== 'active' && state !== 'reserved');
      }),
    ).toBeUndefined();
  });

  test('I8: what another installation tagged, or an order this ledger does not know, is never released', () => {
    expect(
      failing(({ sides, facts }, planned) => {
        const tag = tagOn(sides);
        const notOurs = tag === foreignTag || tag === 'iptally:cut';
        const stranger = tag === otherTag && (facts.tagOf === 'nobody' || facts.tagOf === 'other-installation');
        return !(notOurs || stranger) || !releases(planned);
      }),
    ).toBeUndefined();
  });

  test('I8: what has neither our tag nor a row here is released under `all` alone', () => {
    expect(
      failing(({ sides, facts }, [observe, owned]) => {
        const marked =
          tagOn(sides) !== null || (sides.remote.kind === 'used' && sides.remote.label?.startsWith('iptally-'));
        const leaves = rowOf(sides)?.state === 'releasing';
        return marked || leaves || facts.inFlight || !releases([observe, owned]);
      }),
    ).toBeUndefined();
  });

  test('protected addresses are never released', () => {
    expect(
      failing(({ sides, context }, planned) => {
        const row = rowOf(sides);
        const over = row?.state === 'quarantined' && (row.quarantineUntil ?? context.now) <= context.now;
        const counts = row !== null && row.state !== 'released' && !over;
        return !(counts && row.protected) || !releases(planned);
      }),
    ).toBeUndefined();
  });

  test('I9: what is parked by us stays held while its quarantine runs', () => {
    expect(
      failing(({ sides, facts, context }, planned) => {
        const row = rowOf(sides);
        const runs = row?.state === 'quarantined' && row.quarantineUntil !== null && row.quarantineUntil > context.now;
        const ours = tagOn(sides) === ourTag;
        return !(runs && ours && facts.parked !== 'no') || !releases(planned);
      }),
    ).toBeUndefined();
  });

  test('an address in flight is left alone', () => {
    expect(
      failing(
        ({ facts }, planned) => !facts.inFlight || planned.every((row) => row === undefined || row.action === 'report'),
      ),
    ).toBeUndefined();
  });

  test('an ignored group, and an address of another integration, are left alone', () => {
    expect(
      failing(({ sides, context }, planned) => {
        const { remote } = sides;
        const row = rowOf(sides);
        const ignored = context.ignoredGroups.has(remote.kind === 'used' ? remote.group : '');
        const elsewhere =
          row !== null && row.integration !== 'main' && (row.state === 'active' || row.state === 'reserved');
        const address = remote.kind === 'used' || remote.kind === 'free';
        return !(address && (ignored || elsewhere)) || planned.every((one) => one === undefined);
      }),
    ).toBeUndefined();
  });

  test('a conflict mark, an owner mark or no name at all is never adopted', () => {
    expect(
      failing(({ sides: { remote } }, planned) => {
        const adopted = planned.some((row) => row?.action === 'adopt-ptr');
        return !adopted || (remote.kind === 'used' && /^(www|new)\.example\.com\.?$/i.test(remote.ptr));
      }),
    ).toBeUndefined();
  });

  test('what is plainly in step has nothing to do, but for an open conflict to report', () => {
    expect(
      failing(({ sides, facts, context }, planned) => {
        if (!plainlyInStep(sides.remote, sides.ledger, context)) return true;
        return planned.every((row) => row === undefined || (facts.openConflict && row.action === 'report'));
      }),
    ).toBeUndefined();
  });

  test('where no facts are needed, none change what is done', () => {
    expect(
      failing(({ sides, facts, context }) => {
        if (needsFacts(sides, context)) return true;
        const [told, untold] = [facts, noFacts].map((one) => judge(sides, { ...one, openConflict: false }, context));
        return told?.action === untold?.action && told?.policyAction === untold?.policyAction;
      }),
    ).toBeUndefined();
  });

  test('I10: once done, nothing is left to do', () => {
    expect(
      failing((look, planned) =>
        planned.every((row) => {
          if (row === undefined || row.action === 'report') return true;
          const again = plannedBy({ ...look, sides: mended(look, row) });
          return again.every((one) => one === undefined || one.action === 'report');
        }),
      ),
    ).toBeUndefined();
  });
});

/** Both sides once a planned row is done (design.md 5): a PTR takes along the tag that is due. */
function mended({ sides: { remote, ledger }, context }: Look, { action }: PlanRow): Sides {
  if (action === 'release') return { remote: { kind: 'free' }, ledger: quarantinedOf(ledger) };
  if (ledger.kind !== 'row') return { remote, ledger };
  const tag = ledger.tag ?? ourTag;
  if (action === 'occupy') {
    const there: ListedSide = { kind: 'used', group: ledger.group, ptr: ledger.ptr ?? '', tag, label: null };
    return { remote: there, ledger: { ...ledger, tag, ptrSeen: ledger.ptr } };
  }
  if (remote.kind !== 'used') return { remote, ledger };
  const tagged = tagIsDue(remote, ledger, context) ? { tag } : {};
  if (action === 'tag') return { remote: { ...remote, ...tagged }, ledger: { ...ledger, ...tagged } };
  const ptr = action === 'adopt-ptr' ? remote.ptr : (ledger.ptr ?? '');
  return { remote: { ...remote, ...tagged, ptr }, ledger: { ...ledger, ...tagged, ptr, ptrSeen: ptr } };
}

function quarantinedOf(ledger: LedgerSide): LedgerSide {
  return ledger.kind === 'row'
    ? { ...ledger, state: 'quarantined', quarantineUntil: '2027-03-29T01:15:00.000Z' }
    : ledger;
}
