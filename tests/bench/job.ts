import { createIpManager } from '../../activities/ipmanager/http/create-ip-manager.ts';
import type { Deps } from '../../activities/deps.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { compareRange, defaultBudget } from '../../activities/sync/compare.ts';
import { finishCompare } from '../../activities/sync/finish.ts';
import { startBenchWorker } from './workflow.ts';
import { moveBytes, parseBoth, type Sides } from './floors.ts';
import { answerOneOrder, type Found, type Job } from './one-run.ts';

/** One run of a sync, or of what it is held beside. */
export interface JobOrder extends Sides {
  readonly mode: 'bytes' | 'parsed' | 'sync' | 'workflow';
  readonly temporalAddress: string;
  readonly masterKeyFile: string;
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
  return { run: () => worker.sync(), told: () => worker.history(), end };
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

const floor =
  (work: (sides: Sides) => Promise<Found>) =>
  async (order: JobOrder): Promise<Job> => ({ run: () => work(order), end: async () => undefined });

const jobs = { bytes: floor(moveBytes), parsed: floor(parseBoth), sync: prepareSync, workflow: prepareWorkflow };

answerOneOrder((message) => {
  const order = message as JobOrder;
  return jobs[order.mode](order);
});
