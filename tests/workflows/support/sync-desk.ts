import { randomUUID } from 'node:crypto';
import { WithStartWorkflowOperation, type WorkflowHandle } from '@temporalio/client';
import type { CallRecord } from '../../../activities/http/simulator/call-record.ts';
import { createWorld, type SimAddress, type World } from '../../../activities/ipmanager/simulator/world.ts';
import { hashPassword } from '../../../activities/coremanager/simulator/sessions.ts';
import type { IntegrationFields } from '../../../activities/ledger/settings.ts';
import {
  approveUpdate,
  planQuery,
  syncBegunUpdate,
  workflowIds,
  type SyncItemView,
  type SyncView,
} from '../../../workflows/contract.ts';
import type { ImportRow } from '../../../workflows/domain/import-row.ts';
import type { syncIntegration } from '../../../workflows/index.ts';
import type { SyncIntegrationInput } from '../../../workflows/inputs/sync.ts';
import { query } from '../../support/database.ts';
import { password, quickIntegration, type Engine } from '../../support/engine.ts';
import { service } from '../../support/orders.ts';
import { activeAddress, eventually } from './desk.ts';

/** A panel whose users have a network each: syncs of many integrations side by side, none in another's way. */
export function wideWorld(): World {
  return createWorld({ networks: ['10.0.0.0/8'], users: [{ name: 'billing', password, permissions: [] }, admin] });
}

const admin = { name: 'admin', password, level: 30 };

export interface Site {
  readonly name: string;
  readonly engine: Engine;
  /** An address of the site's own network. */
  at(number: number): string;
  /** An address of somebody who took it by hand: no tag. */
  byHand(number: number, more?: Partial<SimAddress>): SimAddress;
  /** So many rows of the group `theirs`: where it is ignored, a list of many pages in which there is nothing to do. */
  crowd(rows: number): void;
  held(ip: string): SimAddress | undefined;
  /** A service that is set up, with its address. */
  serve(id: string): Promise<string>;
}

let sites = 0;

/** One integration of a test's own, with a login, a network and a server of its own. */
export async function site(
  engine: Engine,
  name: string,
  more: Partial<IntegrationFields> & { readonly adminPassword?: string; readonly pool?: string } = {},
): Promise<Site> {
  sites += 1;
  const net = `10.${100 + Math.floor(sites / 250)}.${sites % 250}`;
  const { adminPassword = null, pool = `${net}.10-${net}.200`, ...fields } = more;
  const { world, url } = engine.simulator;
  world.users.set(name, {
    name,
    passwordHash: hashPassword(password),
    level: 16,
    permissions: [{ pool, groups: ['public', 'alias'] }],
  });
  const { integrations } = engine.ledger.settings;
  // Time enough for an answer on a machine that does much else.
  const record = { ...quickIntegration, url, login: name, requestTimeoutMs: 5_000, fenceMs: 2_000, ...fields };
  await integrations.add(name, record, { password, adminPassword });
  await integrations.keepDialect(name, await (await engine.composition.panels.of(name)).readDialect());
  await engine.addServer(`on-${name}`, { integration: name });
  const at = (number: number): string => `${net}.${number}`;
  const hold = (row: Pick<SimAddress, 'ip'> & Partial<SimAddress>): SimAddress => {
    const plain = { owner: name, group: 'public', domain: 'by-hand.example.com', note: '' };
    const held: SimAddress = { ...plain, state: 'allocated', freeAt: null, ...row };
    world.addresses.set(held.ip, held);
    world.revision += 1;
    return held;
  };
  // Far from where other sites have theirs.
  const second = 160 + 4 * (sites % 20);
  return {
    name,
    engine,
    at,
    byHand: (number, rest = {}) => hold({ ip: at(number), ...rest }),
    crowd: (rows) => {
      for (let n = 0; n < rows; n += 1) {
        hold({ ip: `10.${second + (n >>> 16)}.${(n >>> 8) & 255}.${n & 255}`, group: 'theirs' });
      }
    },
    held: (ip) => world.addresses.get(ip),
    serve: (id) => activeAddress(engine, service(id, { server: `on-${name}` })),
  };
}

type SyncHandle = WorkflowHandle<typeof syncIntegration>;

/** Starts or joins, as a start by hand does. `workflowId`: another one, as a schedule makes it. */
export function startSync(
  { engine, name }: Pick<Site, 'engine' | 'name'>,
  more: Partial<SyncIntegrationInput> & { readonly workflowId?: string } = {},
): Promise<SyncHandle> {
  const { workflowId = workflowIds.syncIntegration(name), ...input } = more;
  return engine.client.workflow.start<typeof syncIntegration>('syncIntegration', {
    workflowId,
    taskQueue: engine.taskQueue,
    args: [{ integration: name, ...input }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

/** Update-with-Start, as the CLI does it. */
export async function beginSync(where: Site, more: Partial<SyncIntegrationInput> = {}) {
  const { engine, name } = where;
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof syncIntegration>('syncIntegration', {
    workflowId: workflowIds.syncIntegration(name),
    taskQueue: engine.taskQueue,
    args: [{ integration: name, ...more }],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  const view = await engine.client.workflow.executeUpdateWithStart(syncBegunUpdate, {
    startWorkflowOperation,
    updateId: randomUUID(),
    args: [{ integration: name, ...more }],
  });
  return { view, handle: await startWorkflowOperation.workflowHandle() };
}

/** The plan a run waits with; the run's last word when it does not wait. */
export async function untilAsked(handle: SyncHandle): Promise<SyncView> {
  return eventually(async () => {
    const view = await handle.query(planQuery);
    if (view === null || view.state === 'running') throw new Error(`the run is ${view?.state ?? 'not known yet'}`);
    return view;
  }, 120_000);
}

/** One whole sync; what a person would be asked is approved. */
export async function sync(where: Site, more: Partial<SyncIntegrationInput> = {}): Promise<SyncView> {
  const handle = await startSync(where, more);
  const asked = await untilAsked(handle);
  if (asked.state === 'needs-approval') {
    await handle.executeUpdate(approveUpdate, { args: [{ checksum: asked.checksum ?? '' }] });
  }
  return handle.result();
}

/** Some plan of it was approved before: later ones are applied by themselves. */
export async function approvedBefore(where: Site): Promise<void> {
  const row = where.byHand(199, { note: 'to be released at once' });
  const view = await sync(where, { policy: 'all' });
  if (view.state !== 'applied' || where.held(row.ip) !== undefined) throw new Error(`the first run is ${view.state}`);
}

/** Of a site: an administrator's login beside the user's, which releases nothing but what is ours. */
export const asAdministrator = { adminLogin: 'admin', adminPassword: password, policy: 'owned' } as const;

/** An address of a service that was there before us; by default the PTR that stands there is the one the ledger wants. */
export async function importedAddress(where: Site, ptr: string | null = 'old.example.com'): Promise<string> {
  const { engine, name } = where;
  await where.serve(`${name}-0`);
  await approvedBefore(where);
  const { ip } = where.byHand(160, { domain: 'old.example.com', note: 'since 2009' });
  const { id, customer = null, ...rest } = service(`${name}-0`, { server: `on-${name}` }).service;
  const row: ImportRow = { ...rest, service: id, customer, group: null, addresses: [{ ip, ptr }] };
  // One import at a time, and tests side by side: who is refused comes again.
  await eventually(async () => {
    const lines = (async function* () {
      yield [{ line: 2, row }];
    })();
    const onBad = (bad: unknown): never => {
      throw new Error(`not imported: ${JSON.stringify(bad)}`);
    };
    const imported = await engine.ledger.imports.import({ lines, dryRun: false, skipBad: false, onBad });
    if (imported === 'another-runs') throw new Error('another import runs');
  }, 60_000);
  return ip;
}

export function itemOf(view: SyncView, ip: string): SyncItemView | undefined {
  return view.items.find((item) => item.address === ip);
}

/** What changes anything at the panel, of one login. */
export function mutations(where: Site): readonly CallRecord[] {
  return where.engine.simulator.log.filter(
    ({ purpose, user, worked }) =>
      worked && user === where.name && (purpose === 'create' || purpose === 'write' || purpose === 'release'),
  );
}

/** Every row of the ledger that is not about syncs themselves, as one text: equal texts, nothing was written. */
export async function ledgerText({ engine, name }: Site): Promise<string> {
  const tables = {
    address: `select a.*, a.xmin::text from address a where integration = '${name}' order by id`,
    address_history: `select * from address_history where integration = '${name}' order by id`,
    address_order: `select o.*, o.xmin::text from address_order o where integration = '${name}' order by id`,
    conflict: `select c.*, c.xmin::text from conflict c where integration = '${name}' order by id`,
    parked: `select p.*, p.xmin::text from parked p where integration = '${name}' order by id`,
    sighting: `select s.*, s.xmin::text from sighting s where integration = '${name}' order by ip`,
    lock: `select key from lock where owner_workflow like 'sync/${name}%' order by key`,
  };
  const rows = [];
  for (const [table, sql] of Object.entries(tables)) rows.push(table, await query(engine.database.applicationUrl, sql));
  return JSON.stringify(rows);
}

/** A second sync right after is applied, and nothing is written on either side (I10). A refused one shows nothing. */
export async function atRest(where: Site, more: Partial<SyncIntegrationInput> = {}): Promise<SyncView> {
  const before = { ledger: await ledgerText(where), panel: mutations(where).length };
  const view = await sync(where, more);
  const after = { ledger: await ledgerText(where), panel: mutations(where).length };
  if (view.state !== 'applied') throw new Error(`it is ${view.state}: ${view.reason?.message}`);
  if (after.panel !== before.panel) throw new Error(`the panel was written to ${after.panel - before.panel} times`);
  if (after.ledger !== before.ledger) throw new Error(`the ledger was written to:\n${before.ledger}\n${after.ledger}`);
  return view;
}
