import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readConfig, requireMasterKey } from '../../worker/config.ts';
import { PROJECT } from '../../worker/local/home.ts';
import { isAlive, signal } from '../../worker/local/processes.ts';
import { readStack, type StackFile } from '../../worker/local/stack-file.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let home: string;
beforeEach(() => {
  home = temporaryHome();
});
afterEach(() => removeHome(home));

interface Up {
  readonly pid: number;
  readonly output: () => string;
  readonly ended: Promise<number | string>;
}

/** A process that brings up the stack of this test's home, as `iptally up` does. */
function up(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Up {
  return start([join(import.meta.dirname, 'fixtures', 'up.ts'), ...args], env);
}

function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): Up {
  const child = spawn(process.execPath, command, {
    env: { ...process.env, IPTALLY_HOME: home, TEMPORAL_API_KEY: 'meant for another Temporal', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text: Buffer) => {
      output += text.toString();
    });
  }
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, name) => {
      resolve(code ?? name ?? 'unknown');
    });
  });
  return { pid: child.pid ?? 0, output: () => output, ended };
}

async function until<Value>(what: () => Value | undefined | false, ms = 90_000): Promise<Value> {
  const end = Date.now() + ms;
  for (;;) {
    const value = what();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > end) throw new Error(`waited ${ms} ms for ${what.toString()}`);
    await sleep(50);
  }
}

const running = (): Promise<StackFile> => until(() => readStack(home));
const pidsOf = (stack: StackFile): readonly number[] => Object.values(stack.pids);

test('it starts, is found by a second start, keeps its addresses over kill -9 of all, and a signal stops all of it', async () => {
  const first = up();
  const stack = await running();
  expect(stack.pid).toBe(first.pid);
  expect(statSync(join(home, 'stack.json')).mode & 0o777).toBe(0o600);
  expect(Object.keys(stack.pids).toSorted()).toEqual(['postgres', 'temporal', 'worker']);
  expect(first.output()).toContain('done migrations rights for iptally_app');
  expect(JSON.parse(readFileSync(join(home, 'worker.log'), 'utf8').split('\n')[0] ?? '')).toEqual({
    DATABASE_URL: stack.databaseUrl,
    TEMPORAL_ADDRESS: stack.temporalAddress,
    TEMPORAL_NAMESPACE: 'iptally',
    IPTALLY_MASTER_KEY_FILE: join(home, 'master.key'),
    IPTALLY_HOME: home,
  });

  const second = up();
  expect(await second.ended).toBe(0);
  expect(second.output()).toContain('outcome already-running');

  for (const pid of [stack.pid, ...pidsOf(stack)]) signal(pid, 'SIGKILL');
  await first.ended;
  expect(readStack(home)).toBeUndefined();

  const third = up();
  const again = await running();
  expect({ ...again, pid: 0, pids: {} }).toEqual({ ...stack, pid: 0, pids: {} });
  expect(await (await fetch(again.simulators['panel'] ?? '')).text()).toBe(join(home, 'simulators', 'panel.json'));

  const begin = Date.now();
  // Ctrl-C under npm comes twice at once: that is one wish, and everything stops in order.
  signal(third.pid, 'SIGINT');
  signal(third.pid, 'SIGINT');
  expect(await third.ended).toBe(0);
  expect(Date.now() - begin).toBeLessThan(20_000);
  expect(pidsOf(again).filter((pid) => isAlive(pid))).toEqual([]);
  expect(existsSync(join(home, 'stack.json'))).toBe(false);
  expect(readFileSync(join(home, 'worker.log'), 'utf8')).toContain('stopped in order');
});

test('without a worker a fresh home can be used at once: it has its master key', async () => {
  const started = up(['no-worker']);
  const stack = await running();
  const config = readConfig({ home }, { TEMPORAL_CONFIG_FILE: '/dev/null' });
  expect(stack.pids.worker).toBeUndefined();
  expect(config.masterKeyFile).toBe(join(home, 'master.key'));
  expect(statSync(requireMasterKey(config)).mode & 0o777).toBe(0o600);
  signal(started.pid, 'SIGTERM');
  expect(await started.ended).toBe(0);
});

test('a master key that the environment names is the one of the worker and of the demo alike, and none is made', async () => {
  const named = join(home, 'elsewhere.key');
  const started = up([], { IPTALLY_MASTER_KEY_FILE: named });
  await running();
  await until(() => started.output().includes(`key ${named}\n`));
  expect(readFileSync(join(home, 'worker.log'), 'utf8')).toContain(`"IPTALLY_MASTER_KEY_FILE":"${named}"`);
  expect(existsSync(join(home, 'master.key'))).toBe(false);
  signal(started.pid, 'SIGTERM');
  expect(await started.ended).toBe(0);
});

test('a master key that a flag of `up` names is the one of its parts, and none is made', async () => {
  const file = join(home, 'elsewhere.key');
  writeFileSync(file, Buffer.alloc(32, 5).toString('base64'), { mode: 0o600 });
  const command = [join(PROJECT, 'client/cli/iptally.mjs'), 'up', '--no-demo', '--no-worker', '--master-key-file'];
  const first = start([...command, relative(process.cwd(), file)]);
  await running();
  expect(existsSync(join(home, 'master.key'))).toBe(false);
  signal(first.pid, 'SIGTERM');
  expect(await first.ended).toBe(0);
});

test('when only `up` was killed, the servers and the worker it left are taken over or ended', async () => {
  const first = up();
  const stack = await running();
  signal(first.pid, 'SIGKILL');
  await first.ended;
  expect(pidsOf(stack).every((pid) => isAlive(pid))).toBe(true);

  const second = up();
  const again = await running();
  expect(again.pids.postgres).toBe(stack.pids.postgres);
  expect(isAlive(stack.pids.worker ?? 0)).toBe(false);
  expect(isAlive(stack.pids.temporal ?? 0)).toBe(false);
  signal(second.pid, 'SIGTERM');
  expect(await second.ended).toBe(0);
  expect(pidsOf(again).filter((pid) => isAlive(pid))).toEqual([]);
});

test('a part that dies is started again and stack.json follows; a second signal ends all at once', async () => {
  const started = up();
  let stack = await running();
  for (const part of ['worker', 'temporal', 'postgres'] as const) {
    const before = stack;
    signal(before.pids[part] ?? 0, 'SIGKILL');
    stack = await until(() => {
      const now = readStack(home);
      return now !== undefined && now.pids[part] !== before.pids[part] && now;
    });
    expect(started.output()).toMatch(new RegExp(`note .*${part} ended by itself`));
    expect({ ...stack, pids: {} }).toEqual({ ...before, pids: {} });
  }
  signal(started.pid, 'SIGTERM');
  await sleep(550);
  signal(started.pid, 'SIGTERM');
  await started.ended;
  await until(() => pidsOf(stack).every((pid) => !isAlive(pid)), 10_000);
  expect(existsSync(join(home, 'stack.json'))).toBe(false);
});

test('a worker that does not start ends the whole start: the error says where to read, nothing is left', async () => {
  const broken = up(['broken']);
  expect(await broken.ended).toBe(1);
  expect(broken.output()).toContain('worker-not-started');
  expect(broken.output()).toContain('the worker is broken');
  expect(existsSync(join(home, 'stack.json'))).toBe(false);
  expect(existsSync(join(home, 'lock'))).toBe(false);
});

test.each([300, 900])('a signal %p ms into the start leaves nothing behind', async (ms) => {
  const started = up();
  await sleep(ms);
  // Before its first line the process has not begun yet, and the signal simply ends it.
  const begun = started.output() !== '';
  signal(started.pid, 'SIGTERM');
  const status = await started.ended;
  expect(begun ? status : 0).toBe(0);
  expect(existsSync(join(home, 'stack.json'))).toBe(false);
  expect(existsSync(join(home, 'postgres', 'data', 'postmaster.pid'))).toBe(false);
});
