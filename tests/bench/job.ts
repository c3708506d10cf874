import { readFileSync } from 'node:fs';
import { createIpManager } from '../../activities/ipmanager/http/create-ip-manager.ts';
import type { Deps } from '../../activities/deps.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { compareRange, defaultBudget } from '../../activities/sync/compare.ts';
import { finishCompare } from '../../activities/sync/finish.ts';
import { startBenchWorker } from './workflow.ts';
import { moveBytes, parseBoth, type Sides } from './floors.ts';

/** One measured run, in a process of its own: says on its channel what it took and what it found. */
export interface JobOrder extends Sides {
  readonly mode: 'bytes' | 'parsed' | 'sync' | 'workflow';
  readonly temporalAddress: string;
  readonly masterKeyFile: string;
}

export interface JobReport {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly found: Readonly<Record<string, unknown>>;
}

/** Connections are made before the clock starts: a worker has them. */
async function prepareSync(order: JobOrder): Promise<Job> {
  const { deps, close } = await depsOf(order);
  return { run: () => sync(deps), end: close };
}

/** The same through Temporal: server, worker, workflow and activities. */
async function prepareWorkflow(order: JobOrder): Promise<Job> {
  const { deps, close } = await depsOf(order);
  const worker = await startBenchWorker(deps, order.temporalAddress);
  const end = async () => {
    await worker.end();
    await close();
  };
  return { run: () => worker.sync(), end };
}

async function depsOf(order: JobOrder): Promise<{ readonly deps: Deps; readonly close: () => Promise<unknown> }> {
  const ledger = await connectLedger({ url: order.databaseUrl, masterKeyFile: order.masterKeyFile });
  const trust = { ca: null, pin: null, allowPlainHttp: true, allowPrivate: true };
  const panel = createIpManager({
    url: `http://127.0.0.1:${order.port}/ipmgr`,
    login: 'bench',
    password: 'bench',
    trust,
    requestTimeoutMs: 60_000,
    connections: 16,
  });
  const deps = {
    ledger,
    panels: { of: async () => panel, administratorOf: async () => undefined },
    runs: { closedAt: async () => new Date(0), abandon: async () => 'closed' as const },
    now: Date.now,
  } as unknown as Deps;
  return { deps, close: () => Promise.all([panel.close(), ledger.close()]) };
}

async function sync(deps: Deps): Promise<Found> {
  const { syncs } = deps.ledger;
  const begun = await syncs.begin({
    integration: 'panel',
    policy: 'all',
    dryRun: true,
    login: 'bench',
    scheduledFor: null,
    run: { workflowId: 'sync/panel', runId: `bench-${process.pid}` },
  });
  const how = { budget: defaultBudget, sessions: new Set<string>(), signal: new AbortController().signal };
  const { run } = begun.run;
  while (!(await compareRange(deps, run, { ...how, beat: () => undefined })).done);
  const finished = await finishCompare(deps, run);
  await syncs.setState(run, 'planned', null);
  return { counts: finished.counts, verdict: finished.verdict, reason: finished.reason?.code ?? null };
}

type Found = Readonly<Record<string, unknown>>;

interface Job {
  readonly run: () => Promise<Found>;
  readonly end: () => Promise<unknown>;
}

const floor =
  (work: (sides: Sides) => Promise<Found>) =>
  async (order: JobOrder): Promise<Job> => ({ run: () => work(order), end: async () => undefined });

const jobs = { bytes: floor(moveBytes), parsed: floor(parseBoth), sync: prepareSync, workflow: prepareWorkflow };

async function main(order: JobOrder): Promise<JobReport> {
  const job = await jobs[order.mode](order);
  const before = process.cpuUsage();
  const begun = performance.now();
  const found = await job.run();
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  await job.end();
  // VmHWM, not maxRSS, which may carry the parent's peak.
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return { wallMs, cpuMs: (user + system) / 1_000, peakMb: Number(peak ?? 0) / 1_024, found };
}

process.once('message', (order: JobOrder) => {
  main(order).then(
    (report) => process.send?.(report, () => process.exit(0)),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});
