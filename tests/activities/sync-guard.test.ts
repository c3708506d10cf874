import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../workflows/domain/plan.ts';
import { openDesk, type Held, type SyncDesk } from './support/sync-desk.ts';

/** What a sync did itself is no loss: the guard measures the next run without it (design.md 5). */

let desk: SyncDesk;
beforeEach(async () => {
  desk = await openDesk();
});
afterEach(() => desk.close());

/** Addresses of a service here, as the panel should hold them. */
async function inUse(count: number): Promise<readonly Held[]> {
  await desk.sql(`insert into service (id, kind, domain, server, tariff, state)
    values ('bulk', 'vps', 'bulk.example.com', 'srv', 'plain', 'active')`);
  await desk.sql(`insert into address (ip, family, state, service, integration, address_group, untagged, ptr, ptr_seen)
    select '10.1.0.0'::inet + n, 'ipv4', 'active', 'bulk', 'panel', 'public', true, 'bulk.example.com', 'bulk.example.com'
    from generate_series(1, ${count}) n`);
  return Array.from({ length: count }, (_, n) => ({ ip: `10.1.0.${n + 1}`, domain: 'bulk.example.com' }));
}

/** Planned, approved, and every row of it done. */
async function approvedAndDone(holds: readonly Held[]): Promise<number> {
  const { syncs } = desk.ledger;
  const { run } = await desk.sync();
  expect(run).toMatchObject({ verdict: 'needs-approval', reason: { code: 'first-plan' } });
  await syncs.setState(run.run, 'needs-approval', run.reason);
  await syncs.approve(run.run, run.checksum ?? '');
  const rows = await syncs.toApply(run.run, null, 1_000);
  const outcome: Outcome = 'done';
  await syncs.saveOutcomes(
    run.run,
    rows.map(({ ip }) => ({ ip, outcome, reason: null })),
  );
  desk.hold(holds);
  await desk.end(run, 'applied');
  return rows.length;
}

/** The verdict with this much of the panel's list gone. */
async function verdictWith(holds: readonly Held[]): Promise<string | undefined> {
  desk.hold(holds);
  const { run } = await desk.sync();
  return run.reason?.code ?? run.verdict ?? undefined;
}

describe('after an approved clean-up of 300 addresses, 100 of which nobody here knew', () => {
  test('the next run has nothing to do, and what others lost besides is still measured', async () => {
    const used = await inUse(200);
    const strays = Array.from({ length: 100 }, (_, n) => ({ ip: `10.2.0.${n + 1}`, domain: 'left.example.com' }));
    desk.hold([...used, ...strays]);
    expect(await approvedAndDone(used)).toBe(100);
    // Of 300, 15 may be gone without us.
    expect(await verdictWith(used.slice(16))).toBe('remote-shrank');
    expect(await verdictWith(used.slice(15))).toBe('many-changes');
    expect(await verdictWith(used.slice(14))).toBe('many-changes');
    desk.hold(used);
    const { run } = await desk.sync();
    expect(run).toMatchObject({ verdict: 'apply', reason: null, counts: {}, remoteCount: 200, ledgerCount: 200 });
    await desk.end(run, 'applied');
    expect((await desk.sync()).run).toMatchObject({ verdict: 'apply', counts: {} });
  });
});

describe('after 20 of 200 addresses were occupied', () => {
  test('the next run has nothing to do, and what was taken does not hide what others lost', async () => {
    const used = await inUse(200);
    desk.hold(used.slice(20));
    expect(await approvedAndDone(used)).toBe(20);
    // Of 180, 10 may be gone without us.
    expect(await verdictWith(used.slice(11))).toBe('remote-shrank');
    expect(await verdictWith(used.slice(10))).toBe('apply');
    expect(await verdictWith(used.slice(9))).toBe('apply');
    desk.hold(used);
    expect((await desk.sync()).run).toMatchObject({ verdict: 'apply', reason: null, counts: {} });
  });
});
