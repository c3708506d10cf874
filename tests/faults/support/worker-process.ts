import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../../support/engine.ts';
import { testServers } from '../../support/servers.ts';

const PROGRAM = fileURLToPath(new URL('../fixtures/worker.ts', import.meta.url));

/** Workers that are killed and come back: real processes, kept at the same number until they are told to end. */
export interface WorkerProcesses {
  /** SIGKILL to all, now. */
  killAll(): void;
  /** How many processes died by SIGKILL, whoever sent it. */
  readonly killed: number;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

export interface WorkerProcessesOptions {
  readonly count?: number;
  /** See fixtures/worker.ts. */
  readonly failpoints?: string;
}

export function startWorkerProcesses(engine: Engine, options: WorkerProcessesOptions = {}): WorkerProcesses {
  const servers = testServers();
  const env = {
    ...process.env,
    DATABASE_URL: engine.database.applicationUrl,
    IPTALLY_MASTER_KEY_FILE: join(engine.home, 'master.key'),
    IPTALLY_HOME: engine.home,
    TEMPORAL_ADDRESS: servers.temporalAddress,
    TEMPORAL_NAMESPACE: engine.client.options.namespace,
    TEMPORAL_CONFIG_FILE: '/dev/null',
    IPTALLY_TEST_TASK_QUEUE: engine.taskQueue,
    IPTALLY_TEST_WORKFLOW_BUNDLE: servers.workflowBundle,
    NODE_OPTIONS: '',
    NODE_COMPILE_CACHE: join(process.env['IPTALLY_TEST_HOME'] ?? engine.home, 'compile-cache'),
    ...(options.failpoints === undefined ? {} : { IPTALLY_TEST_FAILPOINTS: options.failpoints }),
  };
  const running = new Set<ChildProcess>();
  let ended = false;
  let killed = 0;
  let failure: Error | undefined;

  function start(): void {
    const child = spawn(process.execPath, [PROGRAM], { env, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
    running.add(child);
    let said = '';
    child.stderr?.on('data', (text: Buffer) => (said += text.toString()));
    child.once('exit', (code, signal) => {
      running.delete(child);
      if (signal === 'SIGKILL') killed += 1;
      else if (!ended) failure = new Error(`a worker ended with ${code ?? signal}: ${said.slice(0, 2_000)}`);
      if (!ended && failure === undefined) start();
    });
  }
  for (let n = 0; n < (options.count ?? 1); n += 1) start();

  return {
    killAll() {
      for (const child of running) child.kill('SIGKILL');
    },
    get killed() {
      return killed;
    },
    async ready() {
      if (failure !== undefined) throw failure;
      await Promise.all([...running].map((child) => once(child.stdio[3] ?? child, 'data')));
    },
    async stop() {
      ended = true;
      const exits = [...running].map((child) => once(child, 'exit'));
      for (const child of running) child.kill('SIGKILL');
      await Promise.all(exits);
      if (failure !== undefined) throw failure;
    },
  };
}
