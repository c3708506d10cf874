import { describe, expect, test } from '@jest/globals';
import { WithStartWorkflowOperation } from '@temporalio/client';
import { abandonUpdate, setupFinishedUpdate, workflowIds } from '../../workflows/contract.ts';
import type { provisionService } from '../../workflows/index.ts';
import type { ProvisionServiceInput, SetupFinishedInput } from '../../workflows/inputs/inputs.ts';
import { orderService, service, startOperation } from '../support/orders.ts';
import { add, eventually, failureOf, fault, heldFor, openDesk, tagOf, whileElse } from './support/desk.ts';

// Side by side, what some gave back is offered to others again and again while its quarantine runs.
const engine = await openDesk({ integration: { maxAttempts: 40 } });
const { ledger, simulator } = engine;

function reportWithStart(input: ProvisionServiceInput, report: SetupFinishedInput, updateId: string) {
  const startWorkflowOperation: WithStartWorkflowOperation<typeof provisionService> = startOperation(engine, input);
  return engine.client.workflow.executeUpdateWithStart(setupFinishedUpdate, {
    startWorkflowOperation,
    updateId,
    args: [report],
  });
}

describe('a service of module external', () => {
  test.concurrent('a report that comes before it is waited for is kept, and answered once the address is active', async () => {
    const standing = await reportWithStart(service('e-1'), { ok: true }, 'r-1');
    expect(standing).toMatchObject({ service: 'e-1', state: 'active', addresses: [{ state: 'active' }] });
  });

  test.concurrent('a report repeated with its update id on a closed run is answered as before', async () => {
    const { handle } = await orderService(engine, service('e-2'));
    const first = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }], updateId: 'r-2' });
    await handle.result();
    const again = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }], updateId: 'r-2' });
    expect(again).toEqual(first);
  });

  test.concurrent('a bad report waits visibly with its words, and a good one later ends well', async () => {
    const { handle } = await orderService(engine, service('e-3'));
    const bad = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: false, reason: 'disk full' }] });
    expect(bad).toMatchObject({ state: 'waiting', reason: { code: 'set-up-failed' } });
    expect(bad.reason?.message).toContain('disk full');
    expect(await ledger.services.find('e-3')).toMatchObject({ state: 'waiting' });
    const good = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    expect(good).toMatchObject({ state: 'active' });
  });

  test.concurrent('a second bad report is answered once it is taken up, with its own words', async () => {
    const { handle } = await orderService(engine, service('e-12'));
    const report = (reason: string) => handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: false, reason }] });
    await report('disk full');
    const standing = await report('still full');
    expect(standing).toMatchObject({ state: 'waiting', reason: { code: 'set-up-failed' } });
    expect(standing.reason?.message).toContain('still full');
    const [one, two] = await Promise.all([report('third'), report('fourth')]);
    for (const answer of [one, two]) expect(answer).toMatchObject({ state: 'waiting', reason: expect.anything() });
    expect(await ledger.services.find('e-12')).toMatchObject({ state: 'waiting' });
    expect(await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] })).toMatchObject({
      state: 'active',
    });
  });

  test.concurrent('a good report right behind a bad one is not lost', async () => {
    const { handle } = await orderService(engine, service('e-4'));
    const [, good] = await Promise.all([
      handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: false }] }).catch(() => undefined),
      handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] }),
    ]);
    expect(good.state).toBe('active');
  });

  test.concurrent('a good report wins over an abandon that comes later', async () => {
    const { handle } = await orderService(engine, service('e-5'));
    const report = await handle.startUpdate(setupFinishedUpdate, { args: [{ ok: true }], waitForStage: 'ACCEPTED' });
    const late = handle.executeUpdate(abandonUpdate).catch((error: unknown) => error);
    expect(await report.result()).toMatchObject({ state: 'active' });
    expect(await late).toMatchObject({
      name: expect.stringMatching(/WorkflowUpdateFailedError|WorkflowNotFoundError/),
    });
    expect((await handle.result()).outcome).toBe('allocated');
  });

  test.concurrent('an abandon wins over a report that comes later', async () => {
    const { handle } = await orderService(engine, service('e-6'));
    fault(engine, { purpose: 'release', at: await ipOf('e-6/1/ipv4/1') }, whileElse);
    const stop = await handle.startUpdate(abandonUpdate, { waitForStage: 'ACCEPTED' });
    const failure = await failureOf(handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] }));
    expect(failure).toMatchObject({ type: 'abandoned' });
    expect(await stop.result()).toMatchObject({ state: 'removed' });
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(await heldFor(engine, 'e-6/1/ipv4/1')).toEqual([]);
  });

  test.concurrent('a waiting addresses fails with abandoned, and what was on its way goes back', async () => {
    const at = await tagOf(engine, 'e-7/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'delay', ms: 600 });
    const answer = failureOf(orderService(engine, service('e-7')));
    const handle = engine.client.workflow.getHandle<typeof provisionService>(workflowIds.provisionService('e-7'));
    await eventually(() => expect(simulator.log.some(({ parameters }) => parameters['note'] === at)).toBe(true));
    await handle.executeUpdate(abandonUpdate);
    expect((await answer).type).toBe('abandoned');
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    expect(simulator.allocations().get(at)).toBe(1);
    expect(await heldFor(engine, 'e-7/1/ipv4/1')).toEqual([]);
    // Abandoned before it was claimed, it never had a row; after, its row is in quarantine.
    const rows = await ledger.addresses.list({ order: 'e-7/1/ipv4/1' });
    expect(rows.filter(({ state }) => state !== 'quarantined')).toEqual([]);
  });

  test.concurrent('a cancel never aborts the request on its way: its address is found and goes back', async () => {
    const at = await tagOf(engine, 'e-8/1/ipv4/1');
    fault(engine, { purpose: 'create', at }, { kind: 'no-answer-after' });
    const answer = failureOf(orderService(engine, service('e-8')));
    const handle = engine.client.workflow.getHandle<typeof provisionService>(workflowIds.provisionService('e-8'));
    await eventually(() => expect(simulator.log.some(({ parameters }) => parameters['note'] === at)).toBe(true));
    await handle.cancel();
    expect((await answer).type).toBe('cancelled');
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(simulator.allocations().get(at)).toBe(1);
    expect(await heldFor(engine, 'e-8/1/ipv4/1')).toEqual([]);
    expect(await ledger.services.find('e-8')).toMatchObject({ state: 'removed' });
  });

  test.concurrent('a cancel while it waits for its report gives everything back', async () => {
    const { handle } = await orderService(engine, service('e-9', { tariff: 'vps-2' }));
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(await heldFor(engine, 'e-9/1/ipv4/1', 'e-9/1/ipv6/1')).toEqual([]);
  });

  test.concurrent('one more address while it is set up becomes active alone; abandoned, it goes back with the rest', async () => {
    const { handle } = await orderService(engine, service('e-10'));
    const added = await add(engine, { order: 'e-10-more', service: 'e-10', family: 'ipv4' });
    expect((await added.handle.result()).addresses).toMatchObject([{ state: 'active' }]);
    expect(await ledger.services.find('e-10')).toMatchObject({ state: 'provisioning' });
    await handle.executeUpdate(abandonUpdate);
    expect((await failureOf(handle.result())).type).toBe('Abandoned');
    await eventually(async () => expect(await ledger.services.find('e-10')).toMatchObject({ state: 'removed' }));
    expect(await heldFor(engine, 'e-10/1/ipv4/1', 'e-10-more')).toEqual([]);
  });

  test.concurrent.each([
    [{}, 'ok'],
    [{ ok: 'yes' }, 'ok'],
    [{ ok: true, because: 'x' }, 'because'],
    [{ ok: false, reason: 'two\nlines' }, 'reason'],
    [undefined, 'setupFinished'],
  ])('a report %j is refused, naming %s, and changes nothing', async (report, field) => {
    const { handle } = await orderService(engine, service('e-11'));
    const failure = await failureOf(handle.executeUpdate('setupFinished', { args: [report] }));
    expect(failure.field).toBe(field);
    expect(['invalid-input', 'unknown-field']).toContain(failure.type);
    expect(await ledger.services.find('e-11')).toMatchObject({ state: 'provisioning' });
  });

  async function ipOf(order: string): Promise<string> {
    return (await ledger.addresses.list({ order }))[0]?.ip ?? '';
  }
});
