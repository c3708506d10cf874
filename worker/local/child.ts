import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { IptallyError } from '../iptally-error.ts';
import { linesSince, rotate, writeJson } from './files.ts';
import { commandLine, endProcess, isAlive, readRecord, recordOf, signal, stillRuns } from './processes.ts';
import { isRecord } from './values.ts';

/** A part of iptally that runs as a process of its own under `up`. */
export interface ChildCommand {
  /** `worker` or `api`: what it is called in messages and files. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Gets standard output and error. */
  readonly log: string;
  /** Remembers the process, for the case that we are killed and it lives on. */
  readonly record: string;
  /** Calls the start off; what was started by then is ended. */
  readonly signal?: AbortSignal;
}

/** The line a part writes to file descriptor 3 once it answers; more fields may follow. */
export interface ReadyLine {
  readonly ready: true;
  readonly url?: string;
}

export interface Child {
  /** The process that runs now; it changes when the part died and was started again. */
  readonly pid: () => number | undefined;
  readonly ready: ReadyLine;
  readonly stop: (graceMs: number) => Promise<void>;
  readonly kill: () => void;
}

export interface ChildEvents {
  readonly note: (text: string) => void;
  /** It was started again after it died, and answers under a new pid. */
  readonly restarted: () => void;
}

const READY_MS = 60_000;
/** The waits between starts of a part that keeps dying; after a quiet minute they begin anew. */
const BACKOFF_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000];
const QUIET_MS = 60_000;

/** Ends a process of this part that a killed `up` left behind. */
export async function endLeftover(command: Pick<ChildCommand, 'record' | 'args'>, graceMs = 15_000): Promise<void> {
  const record = readRecord(command.record);
  const script = command.args.find((argument) => !argument.startsWith('-')) ?? '';
  if (record !== undefined && stillRuns(record) && commandLine(record.pid).includes(script)) {
    await endProcess(record.pid, { signal: 'SIGTERM', graceMs });
  }
  rmSync(command.record, { force: true });
}

/**
 * Starts a part and waits until it says that it answers. From then on it is started again whenever it dies without
 * being asked to; that is said, and waits longer each time.
 */
export async function startChild(command: ChildCommand, events: ChildEvents): Promise<Child> {
  await endLeftover(command);
  const supervised = new Supervised(command, events);
  const ready = await supervised.launch();
  void supervised.watch();
  return {
    pid: () => supervised.pid,
    ready,
    stop: (graceMs) => supervised.stop(graceMs),
    kill: () => {
      supervised.kill();
    },
  };
}

/** One part over all its lives. */
class Supervised {
  readonly #command: ChildCommand;
  readonly #events: ChildEvents;
  #child: ChildProcess | undefined;
  /** Settles with how the present life ended; never rejects, so that nobody needs to be listening. */
  #ended: Promise<string> = Promise.resolve('');
  #stopping = false;

  constructor(command: ChildCommand, events: ChildEvents) {
    this.#command = command;
    this.#events = events;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts one life and waits for its ready line. */
  async launch(): Promise<ReadyLine> {
    const { command, args, env, log: path, name, signal: callOff } = this.#command;
    callOff?.throwIfAborted();
    rotate(path);
    const log = openSync(path, 'a', 0o600);
    const logStart = fstatSync(log).size;
    // In a session of its own: Ctrl-C reaches `up` alone, which then stops things in order.
    const child = spawn(command, args, {
      env: { ...env, IPTALLY_READY_FD: '3' },
      detached: true,
      stdio: ['ignore', log, log, 'pipe'],
    });
    closeSync(log);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? 'cannot be started');
      });
      child.once('exit', (code, signalName) => {
        resolve(code === null ? `killed by ${signalName}` : `exit status ${code}`);
      });
    });
    const record = child.pid === undefined ? undefined : recordOf(child.pid);
    if (record !== undefined) writeJson(this.#command.record, record);

    const ready = await Promise.race([
      readyLine(child.stdio[3]),
      this.#ended,
      sleep(READY_MS, `no word from it within ${READY_MS / 1000} s`, { ref: false }),
      aborted(callOff),
    ]);
    if (typeof ready !== 'string') return ready;
    if (child.pid !== undefined) await endProcess(child.pid, { signal: 'SIGTERM', graceMs: 5_000 });
    callOff?.throwIfAborted();
    throw new IptallyError({
      code: `${name}-not-started`,
      message: `The ${name} did not start (${ready}): ${linesSince(path, logStart, 15).slice(-900)}`,
      value: [command, ...args].join(' '),
      next: `Read ${path}; mend what it names, then start again.`,
      exitStatus: 4,
    });
  }

  /** Runs for as long as the part is wanted. */
  async watch(): Promise<void> {
    let deaths = 0;
    for (;;) {
      const since = Date.now();
      const how = await this.#ended;
      if (this.#stopping) return;
      deaths = Date.now() - since > QUIET_MS ? 1 : deaths + 1;
      const wait = BACKOFF_MS[Math.min(deaths, BACKOFF_MS.length) - 1] ?? 0;
      const { name, log } = this.#command;
      this.#events.note(`the ${name} ended by itself (${how}); it is started again in ${wait / 1000} s, see ${log}`);
      await sleep(wait);
      if (this.#stopping) return;
      try {
        await this.launch();
        this.#events.restarted();
      } catch (error) {
        // Told by the next turn: it has ended again.
        if (!(error instanceof IptallyError)) throw error;
      }
    }
  }

  /** Asks it to end in order, and ends it when it takes too long. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const pid = this.pid;
    if (pid !== undefined) await endProcess(pid, { signal: 'SIGTERM', graceMs });
    rmSync(this.#command.record, { force: true });
  }

  /** Ends it at once. */
  kill(): void {
    this.#stopping = true;
    const pid = this.pid;
    if (pid !== undefined && isAlive(pid)) signal(pid, 'SIGKILL');
    rmSync(this.#command.record, { force: true });
  }
}

/** Settles when the start is called off. */
export function aborted(callOff: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve) => {
    if (callOff?.aborted === true) resolve('called off');
    else callOff?.addEventListener('abort', () => resolve('called off'), { once: true });
  });
}

/** Waits for the ready line; a pipe that closes without one is told by the end of the process. */
function readyLine(pipe: ChildProcess['stdio'][number]): Promise<ReadyLine> {
  return new Promise((resolve) => {
    if (!(pipe instanceof Readable)) return;
    const lines = createInterface({ input: pipe });
    lines.on('line', (line) => {
      try {
        const value: unknown = JSON.parse(line);
        if (!isRecord(value) || value['ready'] !== true) return;
        resolve({ ready: true, ...(typeof value['url'] === 'string' ? { url: value['url'] } : {}) });
      } catch {
        // Not ours to judge: anything else on this pipe is no ready line.
      }
    });
    pipe.on('error', () => {});
  });
}
