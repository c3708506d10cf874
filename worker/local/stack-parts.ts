import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inTime } from '../in-time.ts';
import { type Child, startChild } from './child.ts';
import { type Home, masterKeyFile } from './home.ts';
import { killProcessesOf } from './leftovers.ts';
import { openPortBook, type PortBook } from './ports.ts';
import { type Postgres, startPostgres, stopPostgres } from './postgres.ts';
import { isAlive } from './processes.ts';
import type { Reporter } from './reporter.ts';
import { removeStack, type StackFile, writeStack } from './stack-file.ts';
import { findTemporal } from './temporal-binary.ts';
import { type ExternalTemporal, externalTemporal, withoutTemporal } from './temporal-external.ts';
import { startTemporal, stopTemporal, type Temporal } from './temporal.ts';

/** A simulator that runs inside this process. */
export interface Simulator {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** What simulators are given, so that their addresses and what they hold survive a restart. */
export interface SimulatorContext {
  readonly port: (name: string) => Promise<number>;
  readonly stateFile: (name: string) => string;
}

/** A program to run as a process of its own; by default by this Node. */
export interface Program {
  readonly command?: string;
  readonly args: readonly string[];
}

export interface PartsOptions {
  readonly home: Home;
  readonly reporter: Reporter;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Calls the start off. */
  readonly signal: AbortSignal;
}

/** The whole stop takes at most 20 s: the worker's part of that, then the simulators', then the servers'. */
const WORKER_GRACE_MS = 13_000;
const SIMULATOR_GRACE_MS = 1_000;
const SERVER_GRACE_MS = 4_000;
const WATCH_MS = 1_000;

/** The parts of one home's stack: each is started by its own call, they are described together and stopped in order. */
export class StackParts {
  readonly #options: PartsOptions;
  readonly #ports: PortBook;
  readonly #external: ExternalTemporal | undefined;
  /** One choice for all parts, made with the home: also a worker that is started apart finds its key. */
  readonly masterKeyFile: string;
  /** A part that was never wanted is not in here; one that died stays, under the pid of its next life. */
  readonly #children = new Map<'worker' | 'api', Child>();
  #postgres: Postgres | undefined;
  #temporal: Temporal | undefined;
  #simulators: Readonly<Record<string, Simulator>> = {};
  /** Before it, a file would name parts that do not answer yet; after `stop` begins, parts that are going. */
  #published = false;
  #stopping = false;

  constructor(options: PartsOptions) {
    this.#options = options;
    this.#ports = openPortBook(options.home.ports);
    this.#external = externalTemporal(options.env);
    this.masterKeyFile = masterKeyFile(options.home, options.env);
  }

  /** PostgreSQL, and what the migrations need to know of it. */
  async startPostgres(): Promise<Postgres> {
    const { home, reporter, signal } = this.#options;
    reporter.step('postgres');
    const postgres = await startPostgres({ home, ports: this.#ports, note: reporter.note, signal });
    this.#postgres = postgres;
    reporter.done('postgres', `127.0.0.1:${postgres.port}, files in ${postgres.base}`);
    return postgres;
  }

  /** Temporal, unless the environment names one that runs elsewhere. */
  async startTemporal(): Promise<void> {
    const { home, reporter, signal, env } = this.#options;
    reporter.step('temporal');
    if (this.#external !== undefined) {
      const { address, namespace } = this.#external;
      reporter.done('temporal', `${address}, namespace ${namespace}, run elsewhere: named by the environment`);
      return;
    }
    const binary = await findTemporal({ progress: reporter.note, env, signal });
    const temporal = await startTemporal({ home, ports: this.#ports, binary, signal });
    this.#temporal = temporal;
    reporter.done('temporal', `${temporal.address}, version ${binary.version} from ${binary.source}: ${binary.path}`);
  }

  /** The simulators, inside this process, at the addresses they had before. */
  async startSimulators(
    start: (context: SimulatorContext) => Promise<Readonly<Record<string, Simulator>>>,
  ): Promise<void> {
    const { home, reporter } = this.#options;
    reporter.step('simulators');
    this.#simulators = await start({
      port: (name) => this.#ports.port(`simulator-${name}`),
      stateFile: (name) => join(home.simulators, `${name}.json`),
    });
    const urls = Object.entries(this.#simulators).map(([name, { url }]) => `${name} ${url}`);
    reporter.done('simulators', urls.join(', ') || 'none');
  }

  /** The worker or the API, as a process of its own that is started again when it dies. */
  async startChild(name: 'worker' | 'api', program: Program): Promise<void> {
    const { home, reporter, signal } = this.#options;
    reporter.step(name);
    const child = await startChild(
      {
        name,
        command: program.command ?? process.execPath,
        args: program.args,
        env: this.#childEnv(),
        log: name === 'worker' ? home.workerLog : join(home.path, `${name}.log`),
        record: join(home.path, `${name}.pid.json`),
        signal,
      },
      {
        note: reporter.note,
        restarted: () => {
          this.#publishAgain();
        },
      },
    );
    this.#children.set(name, child);
    reporter.done(name, child.ready.url ?? `pid ${child.pid() ?? 'gone'}`);
  }

  /**
   * What a part is told by its environment, and nothing by its arguments: those every user of the machine can read
   * (I11). It gets the application role's login; the owner's is for migrations alone.
   */
  #childEnv(): Record<string, string> {
    const { home, env } = this.#options;
    const given = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const temporal = this.#temporal;
    return {
      ...(temporal === undefined
        ? Object.fromEntries(given)
        : { ...withoutTemporal(env), TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }),
      DATABASE_URL: this.#postgres?.applicationUrl ?? '',
      IPTALLY_MASTER_KEY_FILE: this.masterKeyFile,
      IPTALLY_HOME: home.path,
    };
  }

  /** The contents of `stack.json` as things are now. */
  describe(): StackFile {
    const postgres = this.#postgres;
    const temporal = this.#temporal ?? this.#external;
    if (postgres === undefined || temporal === undefined) throw new Error('the stack is described before it runs');
    const [worker, api] = [this.#children.get('worker'), this.#children.get('api')];
    const [workerPid, apiPid, apiUrl] = [worker?.pid(), api?.pid(), api?.ready.url];
    return {
      pid: process.pid,
      pids: {
        postgres: postgres.pid,
        ...(this.#temporal === undefined ? {} : { temporal: this.#temporal.pid }),
        ...(workerPid === undefined ? {} : { worker: workerPid }),
        ...(apiPid === undefined ? {} : { api: apiPid }),
      },
      temporalAddress: temporal.address,
      namespace: temporal.namespace,
      webUi: this.#temporal?.webUi ?? null,
      databaseUrl: postgres.applicationUrl,
      ...(apiUrl === undefined ? {} : { api: apiUrl }),
      simulators: Object.fromEntries(Object.entries(this.#simulators).map(([name, { url }]) => [name, url])),
    };
  }

  /** Writes `stack.json`, and from then on keeps it right. */
  publish(): void {
    this.#published = true;
    this.#publishAgain();
    void this.#watch();
  }

  #publishAgain(): void {
    if (this.#published && !this.#stopping) writeStack(this.#options.home.path, this.describe());
  }

  /** Starts a server again that ended by itself; its clients reconnect, since it comes back on the same port. */
  async #watch(): Promise<void> {
    const { reporter, home } = this.#options;
    for (;;) {
      await sleep(WATCH_MS, undefined, { ref: false });
      if (this.#stopping) return;
      // The worker and the API are watched by their own supervision; the servers are no children of ours when they
      // were adopted, so only asking after the pid works for both.
      const lost = this.#lost();
      if (lost === undefined) continue;
      reporter.note(`${lost} ended by itself; it is started again, its log is in ${home.path}`);
      try {
        await (lost === 'postgres' ? this.startPostgres() : this.startTemporal());
        this.#publishAgain();
      } catch (error) {
        // Not the end: a full disk may be emptied, and the worker waits for its servers by itself.
        if (this.#stopping) return;
        reporter.note(`${lost} could not be started again: ${error instanceof Error ? error.message : 'unknown'}`);
        await sleep(5_000, undefined, { ref: false });
      }
    }
  }

  #lost(): 'postgres' | 'temporal' | undefined {
    if (this.#postgres !== undefined && !isAlive(this.#postgres.pid)) return 'postgres';
    if (this.#temporal !== undefined && !isAlive(this.#temporal.pid)) return 'temporal';
    return undefined;
  }

  /** Stops in order: who uses the servers first, the servers last. Every wait is bounded. */
  async stop(): Promise<void> {
    this.#stopping = true;
    removeStack(this.#options.home.path);
    await Promise.all([...this.#children.values()].map((child) => child.stop(WORKER_GRACE_MS)));
    // After the worker: it may still be asking a panel while it drains.
    const closing = Object.values(this.#simulators).map(({ close }) => close());
    await inTime(Promise.allSettled(closing), SIMULATOR_GRACE_MS);
    await Promise.all([
      this.#temporal === undefined ? undefined : stopTemporal(this.#temporal, SERVER_GRACE_MS),
      this.#postgres === undefined ? undefined : stopPostgres(this.#postgres, SERVER_GRACE_MS),
    ]);
  }

  /** Ends everything at once, and starts nothing again. */
  kill(): void {
    this.#stopping = true;
    removeStack(this.#options.home.path);
    for (const child of this.#children.values()) child.kill();
    killProcessesOf(this.#options.home);
  }
}
