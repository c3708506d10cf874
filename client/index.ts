import { Client, Connection, type ConnectionOptions, type WorkflowHandle } from '@temporalio/client';
import { randomUUID } from 'node:crypto';
import {
  type AllocationResult,
  type KeepResult,
  type PtrResult,
  type ReleaseResult,
  type RemovalResult,
  type ResolveResult,
  type ServiceStanding,
  searchAttributes,
  workflowIds,
} from '../workflows/contract.ts';
import type { Reason } from '../workflows/domain/failure.ts';
import type {
  AddAddressInput,
  ChangePtrInput,
  ProvisionServiceInput,
  ReleaseAddressInput,
  RemoveServiceInput,
  ResolveConflictInput,
  SetupFinishedInput,
} from '../workflows/inputs/inputs.ts';
import {
  acceptedWithStart,
  type Line,
  resultOf,
  type Start,
  startOrJoin,
  unlessLeft,
  updateRunning,
  updateWithStart,
} from './calls.ts';
import { asIptallyError } from './failures.ts';
import * as starts from './starts.ts';
import { type SyncClient, syncsOn } from './sync.ts';
import { pollingWorkers } from './workers.ts';

/**
 * The typed client: what other TypeScript programs, the CLI and the HTTP API start workflows with. Every failure is an
 * `IptallyError` with a stable code; inputs are checked here first, with the schemas the workflows check them with.
 */
export interface IptallyClient {
  provisionService(input: ProvisionServiceInput, options?: WaitOptions): Promise<AllocationAnswer>;
  addAddress(input: AddAddressInput, options?: WaitOptions): Promise<AllocationAnswer>;
  releaseAddress(input: ReleaseAddressInput, options?: WaitOptions): Promise<Answer<ReleaseResult>>;
  removeService(input: RemoveServiceInput, options?: WaitOptions): Promise<Answer<RemovalResult>>;
  changePtr(input: ChangePtrInput): Promise<PtrResult & { readonly workflowId: string }>;
  resolveConflict(input: ResolveConflictInput): Promise<ResolveResult & { readonly workflowId: string }>;
  /** Keeps an address whose release has not reached the delete. */
  keepAddress(ip: string): Promise<KeepResult>;
  retrySetup(service: string): Promise<ServiceStanding>;
  abandon(service: string): Promise<ServiceStanding>;
  /** `updateId`: the caller's own, the same when the report is repeated. */
  setupFinished(service: string, report: SetupFinishedInput, updateId?: string): Promise<ServiceStanding>;
  /** Syncs of the ledger with an IPmanager, by hand. */
  readonly syncs: SyncClient;
  /** How a workflow stands: of the run that is or was the last. */
  standing(workflowId: string): Promise<Standing | undefined>;
  /** Identities of the workers that poll now. */
  workers(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface WaitOptions {
  /** Wait for the answer; on unless told otherwise. Without it the answer's outcome is `null`. */
  readonly wait?: boolean;
  /** Ends the wait, never the work. */
  readonly signal?: AbortSignal;
}

/** `outcome: null`: not known yet, nobody waited for it. */
export interface AllocationAnswer extends Omit<AllocationResult, 'outcome'> {
  readonly workflowId: string;
  readonly outcome: AllocationResult['outcome'] | null;
}

export interface Answer<Result> {
  readonly workflowId: string;
  /** Nothing when nobody waited for it. */
  readonly result: Result | undefined;
}

export interface Standing {
  readonly workflowId: string;
  readonly runId: string;
  readonly running: boolean;
  /** Temporal's own word: RUNNING, COMPLETED, FAILED … */
  readonly status: string;
  /** `running`, `waiting`, … as the search attribute says. */
  readonly state: string | null;
  /** Why it waits; the words come from the worker, so without one only the code is there. */
  readonly reason: Reason | null;
}

export interface ConnectOptions {
  readonly address: string;
  readonly namespace: string;
  /** TLS, API key, headers. */
  readonly connectionOptions?: Readonly<Pick<ConnectionOptions, 'tls' | 'apiKey' | 'metadata'>>;
  /** Told when a wait has nobody to answer it. */
  readonly warn?: (text: string) => void;
  /** How long a wait goes on while no worker polls; 30 s unless told otherwise. */
  readonly noWorkerAfterMs?: number;
}

export async function connectIptally(options: ConnectOptions): Promise<IptallyClient> {
  const { address, namespace } = options;
  try {
    const connection = await Connection.connect({ ...options.connectionOptions, address, connectTimeout: '5s' });
    const client = new Client({ connection, namespace });
    const warn = options.warn ?? (() => {});
    const noWorkerAfterMs = options.noWorkerAfterMs ?? 30_000;
    return clientOn({ client, connection, address, namespace, warn, noWorkerAfterMs });
  } catch (error) {
    throw asIptallyError(error, { address, namespace });
  }
}

function clientOn(line: Line): IptallyClient {
  return {
    provisionService: async (input, options) => {
      const start = starts.provisionService(input);
      return allocation(line, start, { ...options, service: input.service.id });
    },
    addAddress: async (input, options) => {
      const start = starts.addAddress(input);
      return allocation(line, start, { ...options, service: input.service });
    },
    releaseAddress: async (input, options) => started(line, starts.releaseAddress(input), options),
    removeService: async (input, options) => started(line, starts.removeService(input), options),
    changePtr: async (input) => {
      const start = starts.changePtr(input);
      const answer = await updateWithStart<PtrResult>(line, start, { update: 'ptrChanged' });
      return { ...answer, workflowId: start.workflowId };
    },
    resolveConflict: async (input) => {
      const handle = await startOrJoin(line, starts.resolveConflict(input));
      return { ...(await resultOf<ResolveResult>(line, handle)), workflowId: handle.workflowId };
    },
    keepAddress: (ip) => updateRunning(line, workflowIds.releaseAddress(ip), { update: 'keep' }),
    retrySetup: (service) => updateRunning(line, workflowIds.provisionService(service), { update: 'retrySetup' }),
    abandon: (service) => updateRunning(line, workflowIds.provisionService(service), { update: 'abandon' }),
    setupFinished: (service, report, updateId) =>
      updateRunning(line, workflowIds.provisionService(service), {
        update: 'setupFinished',
        updateId: updateId ?? reportId(report),
        arg: starts.report(report),
      }),
    syncs: syncsOn(line),
    standing: (workflowId) => standing(line, workflowId),
    workers: () => pollingWorkers(line).catch((error: unknown) => Promise.reject(asIptallyError(error, line))),
    close: () => line.connection.close(),
  };
}

/**
 * A run takes one good report, so its id is always the same and a repeat on a closed run is answered. Each bad report
 * is a new one: set-up may fail more than once.
 */
function reportId(report: SetupFinishedInput): string {
  return report.ok ? 'set-up-finished-ok' : `set-up-finished-${randomUUID()}`;
}

/** How long a caller who does not wait is kept until a worker has taken the request; it is in Temporal before that. */
const acceptMs = 3_000;

async function allocation(
  line: Line,
  start: Start,
  options: WaitOptions & { readonly service: string },
): Promise<AllocationAnswer> {
  const { workflowId } = start;
  const update = 'addresses';
  let result: AllocationResult | undefined;
  if (options.wait === false) {
    const signal = AbortSignal.timeout(acceptMs);
    await unlessLeft(signal, acceptedWithStart(line, start, { update, signal }));
  } else {
    const { signal } = options;
    result = await unlessLeft(signal, updateWithStart<AllocationResult>(line, start, { update, signal }));
  }
  if (result === undefined) return { service: options.service, workflowId, outcome: null, addresses: [] };
  const { service, outcome, reason, addresses } = result;
  return { service, workflowId, outcome, ...(reason === undefined ? {} : { reason }), addresses };
}

async function started<Result>(line: Line, start: Start, options: WaitOptions = {}): Promise<Answer<Result>> {
  const handle = await startOrJoin(line, start);
  const { signal } = options;
  const waiting = options.wait === false ? undefined : resultOf<Result>(line, handle, signal);
  const result = waiting === undefined ? undefined : await unlessLeft(signal, waiting);
  return { workflowId: start.workflowId, result };
}

async function standing(line: Line, workflowId: string): Promise<Standing | undefined> {
  try {
    const handle = line.client.workflow.getHandle(workflowId);
    const found = await line.connection.withDeadline(Date.now() + 10_000, () => handle.describe());
    const code = found.typedSearchAttributes.get(searchAttributes.reason);
    const running = found.status.name === 'RUNNING';
    return {
      workflowId,
      runId: found.runId,
      running,
      status: found.status.name,
      state: found.typedSearchAttributes.get(searchAttributes.state) ?? null,
      reason: code === undefined ? null : { code, message: (running && (await waitingWords(line, handle))) || code },
    };
  } catch (error) {
    const failure = asIptallyError(error, { address: line.address, namespace: line.namespace, workflowId });
    if (failure.code === 'not-running') return undefined;
    throw failure;
  }
}

/** The words of a waiting run stand in its current details, which a worker tells. */
async function waitingWords(line: Line, handle: WorkflowHandle): Promise<string | undefined> {
  const ask = () => handle.query<{ readonly currentDetails?: string }>('__temporal_workflow_metadata');
  const told = await line.connection.withDeadline(Date.now() + 2_000, ask).catch(() => undefined);
  return /^\*\*Waiting\*\* \(`[^`]*`\): (.*)$/m.exec(told?.currentDetails ?? '')?.[1];
}
