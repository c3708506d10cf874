import { randomUUID } from 'node:crypto';
import { afterAll, jest } from '@jest/globals';
import {
  WithStartWorkflowOperation,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { hashPassword } from '../../../activities/coremanager/simulator/sessions.ts';
import type { Permission } from '../../../activities/ipmanager/simulator/world.ts';
import type { IntegrationFields } from '../../../activities/ledger/settings.ts';
import {
  startIspManagerSimulator,
  type IspManagerSimulator,
} from '../../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../../activities/servers/ispmanager/simulator/world.ts';
import { markFor } from '../../../activities/ledger/postgres/order-opening.ts';
import type { Fault, Purpose, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import {
  addedUpdate,
  setupFinishedUpdate,
  workflowIds,
  type AddressView,
  type AllocationResult,
} from '../../../workflows/contract.ts';
import type { Failure } from '../../../workflows/domain/failure.ts';
import type {
  addAddress,
  changePtr,
  provisionService,
  releaseAddress,
  removeService,
  resolveConflict,
} from '../../../workflows/index.ts';
import type { AddAddressInput, ProvisionServiceInput } from '../../../workflows/inputs/inputs.ts';
import { password, quickIntegration, startEngine, type Engine, type EngineOptions } from '../../support/engine.ts';
import { orderService } from '../../support/orders.ts';

jest.setTimeout(120_000);

/** One engine for a suite whose tests run side by side: the usual server and tariffs are there. */
export async function openDesk(options: EngineOptions = {}): Promise<Engine> {
  // Time enough for a machine that does much else: what must be slow says so by itself.
  const integration = { requestTimeoutMs: 20_000, ...options.integration };
  const engine = await startEngine({ ...options, integration });
  afterAll(() => engine.close());
  await engine.addServer('desk');
  await engine.addTariff('vps-1', 1);
  await engine.addTariff('vps-2', 1, 1);
  await engine.addTariff('vps-4', 2, 2);
  return engine;
}

/** A service that is set up: its addresses are active. */
export async function activeService(engine: Engine, input: ProvisionServiceInput): Promise<readonly AddressView[]> {
  const { handle } = await orderService(engine, input);
  const { addresses } = await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
  await handle.result();
  return addresses;
}

export async function activeAddress(engine: Engine, input: ProvisionServiceInput): Promise<string> {
  const [first] = await activeService(engine, input);
  if (first === undefined) throw new Error('the service got no address');
  return first.ip;
}

interface Workflows {
  readonly provisionService: typeof provisionService;
  readonly addAddress: typeof addAddress;
  readonly releaseAddress: typeof releaseAddress;
  readonly removeService: typeof removeService;
  readonly changePtr: typeof changePtr;
  readonly resolveConflict: typeof resolveConflict;
}

/** Starts or attaches, as the recipe of design.md 7 says. */
export function start<Name extends keyof Workflows>(
  engine: Engine,
  name: Name,
  run: { readonly workflowId: string; readonly input: Parameters<Workflows[Name]>[0] },
) {
  return engine.client.workflow.start<Workflows[Name]>(name, {
    workflowId: run.workflowId,
    taskQueue: engine.taskQueue,
    args: [run.input] as unknown as Parameters<Workflows[Name]>,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}

export function release(engine: Engine, ip: string, reason = 'test') {
  return start(engine, 'releaseAddress', {
    workflowId: workflowIds.releaseAddress(ip),
    input: { address: ip, reason },
  });
}

export function remove(engine: Engine, id: string, reason = 'contract ended') {
  return start(engine, 'removeService', {
    workflowId: workflowIds.removeService(id),
    input: { service: id, reason },
  });
}

export function repoint(engine: Engine, ip: string, ptr: string, actor = 'operator') {
  return start(engine, 'changePtr', { workflowId: workflowIds.changePtr(ip), input: { address: ip, ptr, actor } });
}

export async function add(engine: Engine, input: AddAddressInput, updateId: string = randomUUID()) {
  const startWorkflowOperation = new WithStartWorkflowOperation<typeof addAddress>('addAddress', {
    workflowId: workflowIds.addAddress(input.order),
    taskQueue: engine.taskQueue,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
  const answer: AllocationResult = await engine.client.workflow.executeUpdateWithStart(addedUpdate, {
    startWorkflowOperation,
    updateId,
    args: [input],
  });
  return { answer, handle: await startWorkflowOperation.workflowHandle() };
}

/** The typed failure a call ended with: what any client can read. */
export async function failureOf(call: Promise<unknown>): Promise<Failure & { readonly type: string }> {
  try {
    await call;
  } catch (error) {
    const cause =
      error instanceof WorkflowUpdateFailedError || error instanceof WorkflowFailedError ? error.cause : error;
    if (!(cause instanceof ApplicationFailure)) throw error;
    return { type: cause.type ?? '', ...(cause.details?.[0] as Failure) };
  }
  throw new Error('it did not fail');
}

/** Until it holds; the last error tells what did not. */
export async function eventually<Value>(look: () => Promise<Value> | Value, ms = 30_000): Promise<Value> {
  const until = Date.now() + ms;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > until) throw error;
    }
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** The tag of an order, as the panel sees it. */
export async function tagOf(engine: Engine, order: string): Promise<string> {
  return markFor(await engine.ledger.installation(), order).tag;
}

/** What the panel holds with the tag of one of these orders, but for what is parked: that is held on purpose. */
export async function heldFor(engine: Engine, ...orders: readonly string[]): Promise<readonly string[]> {
  const tags = await Promise.all(orders.map((order) => tagOf(engine, order)));
  const parked = new Set((await engine.ledger.addresses.parked()).map(({ ip }) => ip));
  return [...engine.simulator.world.addresses.values()]
    .filter(({ note, state }) => state === 'allocated' && tags.some((tag) => note.startsWith(tag)))
    .map(({ ip }) => ip)
    .filter((ip) => !parked.has(ip));
}

interface Aim {
  readonly purpose: Purpose;
  /** The tag of a create, or the address of anything else. */
  readonly at: string;
}

const aims = new WeakMap<object, { readonly aim: Aim; readonly faults: Fault[] }[]>();

/** A call under which something else is to happen, also on a machine that does much else. */
export const whileElse: Fault = { kind: 'delay', ms: 10_000 };

/** These faults, one after the other, for requests of one order (by its tag) or of one address; others are spared. */
export function fault(engine: Engine, aim: Aim, ...faults: readonly Fault[]): void {
  const target = engine.simulator.faults;
  const list = aims.get(target) ?? [];
  aims.set(target, list);
  list.push({ aim, faults: [...faults] });
  target.hook = (request) =>
    list.find(({ aim: one, faults: left }) => left.length > 0 && hits(one, request))?.faults.shift();
}

function hits(aim: Aim, { purpose, parameters }: SimulatedRequest): boolean {
  if (aim.purpose !== purpose) return false;
  return purpose === 'create' ? parameters['note'] === aim.at : parameters['elid'] === aim.at;
}

/** Events of a run, counted the way the Web UI numbers them. */
export async function eventsOf(engine: Engine, workflowId: string) {
  return (await engine.client.workflow.getHandle(workflowId).fetchHistory()).events ?? [];
}

export async function attributesOf(engine: Engine, workflowId: string): Promise<Readonly<Record<string, unknown>>> {
  const { typedSearchAttributes } = await engine.client.workflow.getHandle(workflowId).describe();
  return Object.fromEntries(typedSearchAttributes.getAll().map(({ key, value }) => [key.name, value]));
}

/** One more integration at the same panel, with a login of its own, and a server `on-<name>` that uses it. */
export async function addIntegration(
  engine: Engine,
  name: string,
  more: Partial<IntegrationFields> & { readonly permissions?: readonly Permission[] } = {},
): Promise<void> {
  const { permissions, ...fields } = more;
  const { world, url } = engine.simulator;
  const login = fields.login ?? name;
  if (!world.users.has(login)) {
    world.users.set(login, {
      name: login,
      passwordHash: hashPassword(password),
      level: 16,
      permissions: permissions ?? [],
    });
  }
  const { integrations } = engine.ledger.settings;
  await integrations.add(name, { ...quickIntegration, url, login, ...fields }, { password, adminPassword: null });
  await integrations.keepDialect(name, await (await engine.composition.panels.of(name)).readDialect());
  await engine.addServer(`on-${name}`, { integration: name });
}

/** An ispmanager of one test's own, and a server that is set up on it. */
export async function addIspManager(
  engine: Engine,
  name: string,
  settings: Readonly<Record<string, string>> = {},
  requestTimeoutMs = 1_000,
): Promise<IspManagerSimulator> {
  const world = createIspWorld({ logins: [{ name: 'root', password }] });
  const simulator = await startIspManagerSimulator({ world });
  opened.push(simulator);
  const at = { module: 'ispmanager-business', url: simulator.url, login: 'root', settings, requestTimeoutMs };
  await engine.addServer(name, at, password);
  return simulator;
}

const opened: { close(): Promise<void> }[] = [];
afterAll(async () => {
  for (const simulator of opened) await simulator.close();
});

/** What an operator reads of a run in the Web UI. */
export async function detailsOf(engine: Engine, workflowId: string): Promise<string> {
  const told: { readonly currentDetails?: string } = await engine.client.workflow
    .getHandle(workflowId)
    .query('__temporal_workflow_metadata');
  return told.currentDetails ?? '';
}

/** The order sent again to a running run: attaches, or changes what may change. */
export function sendAgain(handle: WorkflowHandle, input: ProvisionServiceInput): Promise<AllocationResult> {
  return handle.executeUpdate<AllocationResult, [ProvisionServiceInput]>('addresses', { args: [input] });
}

/** Until the release of an address has got so far; when it does not, its story tells why. */
export async function releasing(engine: Engine, ip: string): Promise<void> {
  const look = async () => (await engine.ledger.addresses.find(ip))?.state;
  try {
    await eventually(async () => {
      if ((await look()) !== 'releasing') throw new Error('not yet');
    });
  } catch {
    const history = await engine.ledger.addresses.history(ip);
    const story = await detailsOf(engine, workflowIds.releaseAddress(ip)).catch(String);
    const locks = JSON.stringify(await engine.ledger.locks.list());
    throw new Error(`${ip} is ${await look()}:\n${story}\n${JSON.stringify(history, null, 1)}\n${locks}`);
  }
}
