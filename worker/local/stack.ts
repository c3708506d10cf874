import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { IptallyError } from '../iptally-error.ts';
import { aborted } from './child.ts';
import { type Home, homePath, openHome, PROJECT } from './home.ts';
import { homeHolder, takeHome } from './home-lock.ts';
import type { Lock } from './lock.ts';
import type { Reporter } from './reporter.ts';
import { readStack, removeStack, type StackFile } from './stack-file.ts';
import { type Program, type Simulator, type SimulatorContext, StackParts } from './stack-parts.ts';
import { listenForSignals, type Signals } from './stack-signals.ts';

export type { Program, Simulator, SimulatorContext } from './stack-parts.ts';

export interface StackOptions {
  /** Default: `IPTALLY_HOME`, else `.iptally` beside package.json. */
  readonly home?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly reporter: Reporter;
  /** Brings the ledger's schema up to date; runs again at every start. Answers a line to show, if it likes. */
  readonly migrate: (database: { readonly migrationUrl: string; readonly applicationRole: string }) => Promise<unknown>;
  readonly startSimulators?: (context: SimulatorContext) => Promise<Readonly<Record<string, Simulator>>>;
  /** Default: `worker/main.ts`; `false` leaves it to be started apart. */
  readonly worker?: Program | false;
  /** Default: none. It says where it listens by `url` in its ready line. */
  readonly api?: Program | false;
}

/** A stack that runs. */
export interface RunningStack {
  readonly home: string;
  /** What its parts seal and open stored logins with. */
  readonly masterKeyFile: string;
  /** As `stack.json` says now. */
  readonly describe: () => StackFile;
  /** Stops everything in order; again is harmless. */
  readonly stop: () => Promise<void>;
  /** Settles when everything is stopped, by a signal or by `stop`. */
  readonly stopped: Promise<void>;
}

export type StackOutcome =
  | { readonly kind: 'started'; readonly stack: RunningStack }
  /** Another process runs this home: nothing was started. */
  | { readonly kind: 'already-running'; readonly home: string; readonly stack: StackFile }
  /** A signal came before everything ran; what was started is stopped. */
  | { readonly kind: 'interrupted' };

/** How long the `up` that holds the home may take to answer: a build of Temporal's server included. */
const OTHERS_START_MS = 15 * 60_000;

/** Starts the whole stack of a home, goes on where it was left, or finds it running. */
export async function startStack(options: StackOptions): Promise<StackOutcome> {
  const home = openHome(options.home ?? homePath(options.env));
  const taken = await takeOrFind(home, options.reporter);
  if ('pid' in taken) return { kind: 'already-running', home: home.path, stack: taken };

  let parts: StackParts | undefined;
  const signals = listenForSignals();
  // Whatever ends this process without stopping the stack (an error nobody caught): nothing of it lives on.
  const atExit = (): void => {
    parts?.kill();
    taken.release();
  };
  process.once('exit', atExit);
  const end = async (): Promise<void> => {
    await parts?.stop();
    process.off('exit', atExit);
    signals.dispose();
    taken.release();
  };
  try {
    removeStack(home.path);
    parts = new StackParts({
      home,
      reporter: options.reporter,
      env: options.env ?? process.env,
      signal: signals.first,
    });
    await startParts(parts, options, signals.first);
    parts.publish();
  } catch (error) {
    await end();
    if (signals.first.aborted) return { kind: 'interrupted' };
    throw error;
  }
  return { kind: 'started', stack: runningStack({ home, parts, signals, end }) };
}

async function startParts(parts: StackParts, options: StackOptions, signal: AbortSignal): Promise<void> {
  // The two servers need nothing of each other. When one fails the other is awaited all the same: what has started
  // must be known before it can be stopped.
  const [postgres, temporal] = await Promise.allSettled([parts.startPostgres(), parts.startTemporal()]);
  signal.throwIfAborted();
  if (postgres.status === 'rejected') throw postgres.reason;
  if (temporal.status === 'rejected') throw temporal.reason;

  const { migrationUrl, applicationRole } = postgres.value;
  if ((options.env ?? process.env)['DATABASE_URL'] !== undefined) {
    options.reporter.note('DATABASE_URL is set: commands in this shell use that database, not the one started here');
  }
  options.reporter.step('migrations');
  const migrated = await unlessCalledOff(options.migrate({ migrationUrl, applicationRole }), signal);
  options.reporter.done('migrations', typeof migrated === 'string' ? migrated : 'up to date');

  if (options.startSimulators !== undefined) await parts.startSimulators(options.startSimulators);
  signal.throwIfAborted();
  if (options.worker !== false) {
    await parts.startChild('worker', options.worker ?? { args: [join(PROJECT, 'worker', 'main.ts')] });
  }
  if (options.api !== undefined && options.api !== false) await parts.startChild('api', options.api);
  signal.throwIfAborted();
}

/** Waits for something that cannot be called off itself; stopping PostgreSQL ends it. */
async function unlessCalledOff<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  work.catch(() => {});
  await Promise.race([work, aborted(signal)]);
  signal.throwIfAborted();
  return work;
}

function runningStack(running: {
  readonly home: Home;
  readonly parts: StackParts;
  readonly signals: Signals;
  readonly end: () => Promise<void>;
}): RunningStack {
  const { home, parts, signals, end } = running;
  let ending: Promise<void> | undefined;
  const done = Promise.withResolvers<void>();
  const stop = (): Promise<void> => {
    ending ??= end();
    ending.then(done.resolve, done.reject);
    return ending;
  };
  void aborted(signals.first).then(stop);
  // The watch over the servers does not keep the process alive; this does, until it is stopped.
  const keepAlive = setInterval(() => {}, 1 << 30);
  const stopped = done.promise.finally(() => {
    clearInterval(keepAlive);
  });
  const { masterKeyFile } = parts;
  return { home: home.path, masterKeyFile, describe: () => parts.describe(), stop, stopped };
}

/** The home's lock, or the stack of whoever has it; one that is starting is waited for. */
async function takeOrFind(home: Home, reporter: Reporter): Promise<Lock | StackFile> {
  const giveUp = Date.now() + OTHERS_START_MS;
  let told = false;
  for (;;) {
    const answer = await takeHome(home);
    if (answer.kind === 'taken') return answer.lock;
    const stack = readStack(home.path);
    if (stack !== undefined) return stack;
    if (Date.now() > giveUp) throw notAnswering(home, answer.by.pid);
    if (!told) reporter.note(`process ${answer.by.pid} is starting or stopping this home, waiting for it`);
    told = true;
    while (homeHolder(home) !== undefined && readStack(home.path) === undefined && Date.now() <= giveUp)
      await sleep(200);
  }
}

function notAnswering(home: Home, pid: number): IptallyError {
  return new IptallyError({
    code: 'home-busy',
    message: `Process ${pid} holds the home ${home.path} and has not brought up its stack in ${OTHERS_START_MS / 60_000} minutes.`,
    value: home.path,
    next: `Look what process ${pid} does and end it, or use another IPTALLY_HOME, then start again.`,
    exitStatus: 4,
  });
}
