import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../../worker/local/home.ts';
import type { TestDatabase } from '../../support/database.ts';
import { temporaryFolder } from '../../support/folders.ts';

/** What a command came to. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The one document on stdout; throws when there is not exactly one. */
  readonly json: unknown;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** An environment that names nothing of this machine: no database, no Temporal, an empty home. */
export function bareEnv(home = temporaryFolder('cli')): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    IPTALLY_HOME: home,
    TEMPORAL_CONFIG_FILE: '/dev/null',
    TZ: 'Europe/Berlin',
  };
}

/** The same with a ledger of the test's own, and a master key. */
export function ledgerEnv(database: Pick<TestDatabase, 'applicationUrl' | 'migrationUrl'>): Record<string, string> {
  return {
    ...bareEnv(),
    DATABASE_URL: database.applicationUrl,
    IPTALLY_MIGRATION_DATABASE_URL: database.migrationUrl,
    IPTALLY_MASTER_KEY_FILE: fileWith(Buffer.alloc(32, 5).toString('base64')),
  };
}

/** Runs the real command line, without a terminal, as other programs do. */
export function iptally(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = spawn(process.execPath, [join(PROJECT, 'client/cli/iptally.mjs'), ...args], {
    env: options.env ?? bareEnv(),
    stdio: 'pipe',
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      resolve({
        status,
        stdout,
        stderr,
        get json() {
          return JSON.parse(stdout) as unknown;
        },
      });
    });
  });
}

/** A file of one line in a folder of its own. */
export function fileWith(text: string): string {
  const path = join(temporaryFolder('cli-file'), 'file');
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
