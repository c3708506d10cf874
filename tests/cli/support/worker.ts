import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROJECT } from '../../../worker/local/home.ts';

/** `iptally worker --json` as a process of its own. */
export interface WorkerProcess {
  readonly pid: number | undefined;
  /** Its document. */
  readonly document: unknown;
  /** Its log so far. */
  readonly said: () => string;
  /** Ends it by SIGTERM; answers its exit status. */
  readonly stop: () => Promise<number | null>;
}

export async function startWorkerProcess(env: Readonly<Record<string, string>>): Promise<WorkerProcess> {
  const child = spawn(process.execPath, [join(PROJECT, 'client/cli/iptally.mjs'), 'worker', '--json'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const ended = once(child, 'exit');
  const [document] = await Promise.race([
    once(child.stdout, 'data'),
    ended.then(() => Promise.reject(new Error('the worker ended before it was ready'))),
  ]);
  return {
    pid: child.pid,
    document: JSON.parse(String(document)) as unknown,
    said: () => said,
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}
