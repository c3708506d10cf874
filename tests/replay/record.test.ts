import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  abandonUpdate,
  keepUpdate,
  retrySetupUpdate,
  setupFinishedUpdate,
  workflowIds,
} from '../../workflows/contract.ts';
import { PROJECT } from '../../worker/local/home.ts';
import type { Engine } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import {
  activeAddress,
  activeService,
  add,
  addIntegration,
  addIspManager,
  eventually,
  fault,
  openDesk,
  release,
  releasing,
  remove,
  repoint,
  start,
  tagOf,
} from '../workflows/support/desk.ts';
import { site, sync } from '../workflows/support/sync-desk.ts';
import { historiesFolder } from './history.ts';

/**
 * Records a history of every workflow, for the replay test. Not part of a test run:
 *   IPTALLY_RECORD=1 jest --selectProjects integration --testPathPatterns tests/replay/record
 * writes what is missing; IPTALLY_RECORD=overwrite writes all anew, which throws the proof away that runs begun under the
 * version before still replay: only before the first release, or beside a patch and its own new scenario.
 * Those named `formerly` are of the code before a patch, and cannot be recorded again: they are why it is there.
 */
const mode = process.env['IPTALLY_RECORD'];
const recording = mode === undefined ? describe.skip : describe;

// Only when it records; typed as if always, because nothing below runs otherwise.
const engine = (
  mode === undefined ? undefined : await openDesk({ integration: { fenceMs: 500, maxAttempts: 40 } })
) as Engine;

const ended = (workflowId: string) =>
  engine.client.workflow
    .getHandle(workflowId)
    .result()
    .catch(() => undefined);

async function keep(name: string, workflowId: string): Promise<boolean> {
  await ended(workflowId);
  const file = join(historiesFolder, `${name}.json`);
  if (existsSync(file) && mode !== 'overwrite') return true;
  mkdirSync(historiesFolder, { recursive: true });
  const history: unknown = JSON.parse(historyToJSON(await engine.client.workflow.getHandle(workflowId).fetchHistory()));
  // Stack traces name the folder they were recorded in.
  writeFileSync(file, `${JSON.stringify({ name, workflowId, history }).replaceAll(PROJECT, '.')}\n`);
  return existsSync(file);
}

async function failingService(id: string) {
  const panel = await addIspManager(engine, `web-${id}`, { preset: 'gold' });
  const { handle } = await orderService(engine, service(id, { server: `web-${id}` }));
  await eventually(async () => expect(await engine.ledger.services.find(id)).toMatchObject({ state: 'waiting' }));
  return { handle, mend: () => panel.world.presets.push('gold') };
}

const create = async (order: string) => ({ purpose: 'create' as const, at: await tagOf(engine, order) });
const provisioned = (id: string) => workflowIds.provisionService(id);

/** A site takes a network of its own, beside those of the small world. */
function syncSite(name: string) {
  const { networks } = engine.simulator.world;
  if (!networks.includes('10.0.0.0/8')) networks.push('10.0.0.0/8');
  return site(engine, name);
}

/** By the name of the file; each answers the workflow whose history it is. */
const scenarios: Readonly<Record<string, () => Promise<string>>> = {
  async 'syncIntegration-approved'() {
    const where = await syncSite('asked');
    await where.serve('asked-1');
    where.byHand(150);
    await sync(where);
    return workflowIds.syncIntegration('asked');
  },
  async 'syncIntegration-nothing'() {
    const where = await syncSite('still');
    await where.serve('still-1');
    await sync(where);
    return workflowIds.syncIntegration('still');
  },
  async 'syncIntegration-refused'() {
    const where = await syncSite('empty');
    const ip = await where.serve('empty-1');
    engine.simulator.world.addresses.delete(ip);
    await sync(where);
    return workflowIds.syncIntegration('empty');
  },
  async 'provisionService-allocated'() {
    await addIspManager(engine, 'web');
    await orderService(engine, service('allocated', { server: 'web', tariff: 'vps-2' }));
    return provisioned('allocated');
  },
  async 'provisionService-external'() {
    await activeService(engine, service('external'));
    return provisioned('external');
  },
  async 'provisionService-not-allocated'() {
    await activeService(engine, service('not-allocated', { kind: 'licence' }));
    return provisioned('not-allocated');
  },
  async 'provisionService-conflict'() {
    const ip = await activeAddress(engine, service('conflict-holder'));
    fault(engine, await create('conflict/1/ipv4/1'), { kind: 'busy-address', ip });
    await activeService(engine, service('conflict'));
    return provisioned('conflict');
  },
  async 'provisionService-unknown-found'() {
    fault(engine, await create('unknown/1/ipv4/1'), { kind: 'reset-after' });
    await activeService(engine, service('unknown'));
    return provisioned('unknown');
  },
  async 'provisionService-set-up-retry'() {
    const { handle, mend } = await failingService('retried');
    mend();
    await handle.executeUpdate(retrySetupUpdate);
    return provisioned('retried');
  },
  async 'provisionService-abandoned'() {
    const { handle } = await failingService('abandoned');
    await handle.executeUpdate(abandonUpdate);
    return provisioned('abandoned');
  },
  async 'provisionService-bad-report'() {
    const { handle } = await orderService(engine, service('reported'));
    await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: false, reason: 'disk full' }] });
    await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    return provisioned('reported');
  },
  async 'provisionService-cancelled'() {
    const { handle } = await orderService(engine, service('cancelled'));
    await handle.cancel();
    return provisioned('cancelled');
  },
  async 'provisionService-refused'() {
    await orderService(engine, service('refused', { server: 'on-narrow', tariff: 'vps-2' })).catch(() => undefined);
    return provisioned('refused');
  },
  async 'provisionService-bad-input'() {
    await orderService(engine, service('bad', { domain: 'x' })).catch(() => undefined);
    return provisioned('bad');
  },
  async 'addAddress-allocated'() {
    await activeService(engine, service('more'));
    await add(engine, { order: 'more-1', service: 'more', family: 'ipv4' });
    return workflowIds.addAddress('more-1');
  },
  async 'addAddress-not-allocated'() {
    await activeService(engine, service('more-none'));
    await add(engine, { order: 'more-none-6', service: 'more-none', family: 'ipv6' });
    return workflowIds.addAddress('more-none-6');
  },
  async 'releaseAddress-plain'() {
    const ip = await activeAddress(engine, service('released'));
    await release(engine, ip);
    return workflowIds.releaseAddress(ip);
  },
  async 'releaseAddress-cool-down'() {
    const ip = await activeAddress(engine, service('cooled', { server: 'on-slow' }));
    await release(engine, ip);
    return workflowIds.releaseAddress(ip);
  },
  async 'releaseAddress-kept'() {
    const ip = await activeAddress(engine, service('kept', { server: 'on-slow' }));
    const run = await release(engine, ip);
    await releasing(engine, ip);
    await run.executeUpdate(keepUpdate);
    return workflowIds.releaseAddress(ip);
  },
  async 'releaseAddress-unknown'() {
    const ip = await activeAddress(engine, service('doubted'));
    fault(engine, { purpose: 'release', at: ip }, { kind: 'reset-after' });
    await release(engine, ip);
    return workflowIds.releaseAddress(ip);
  },
  async 'removeService-addresses'() {
    await activeService(engine, service('removed', { tariff: 'vps-2' }));
    await remove(engine, 'removed');
    return workflowIds.removeService('removed');
  },
  async 'removeService-protected'() {
    const ip = await activeAddress(engine, service('guarded'));
    await engine.ledger.addresses.protect(ip, true);
    await remove(engine, 'guarded');
    await new Promise((next) => setTimeout(next, 1_000));
    await engine.ledger.addresses.protect(ip, false);
    return workflowIds.removeService('guarded');
  },
  async 'changePtr-written'() {
    const ip = await activeAddress(engine, service('pointed'));
    await repoint(engine, ip, 'other.example.com');
    return workflowIds.changePtr(ip);
  },
  async 'changePtr-unknown'() {
    const ip = await activeAddress(engine, service('pointed-late'));
    fault(engine, { purpose: 'write', at: ip }, { kind: 'reset-after' });
    await repoint(engine, ip, 'late.example.com');
    return workflowIds.changePtr(ip);
  },
  async 'changePtr-unknown-twice'() {
    const ip = await activeAddress(engine, service('pointed-later'));
    // Not done there either: the look behind the fence finds the old one, and what is sent then is lost like the first.
    fault(engine, { purpose: 'write', at: ip }, { kind: 'reset-before' }, { kind: 'reset-after' });
    await repoint(engine, ip, 'later.example.com');
    return workflowIds.changePtr(ip);
  },
  async 'changePtr-refused'() {
    const ip = await activeAddress(engine, service('pointed-not'));
    await repoint(engine, ip, 'x.example.com', 'customer:stranger');
    return workflowIds.changePtr(ip);
  },
  async 'resolveConflict-resolved'() {
    const ip = await activeAddress(engine, service('solved-holder'));
    fault(engine, await create('solved/1/ipv4/1'), { kind: 'busy-address', ip });
    await orderService(engine, service('solved'));
    const input = { address: ip, actor: 'operator' };
    await start(engine, 'resolveConflict', { workflowId: workflowIds.resolveConflict(ip), input });
    return workflowIds.resolveConflict(ip);
  },
};

recording('records', () => {
  beforeAll(async () => {
    const fences = { fenceMs: 500, maxAttempts: 40 };
    const slow = [{ pool: '203.0.113.200-203.0.113.240', groups: ['public'] }];
    await addIntegration(engine, 'slow', { ...fences, coolDownMs: 1_500, permissions: slow });
    const narrow = [{ pool: '203.0.113.251-203.0.113.252', groups: ['public'] }];
    await addIntegration(engine, 'narrow', { ...fences, permissions: narrow });
  });

  test.each(Object.entries(scenarios))('%s', async (name, play) => {
    expect(await keep(name, await play())).toBe(true);
  });
});
