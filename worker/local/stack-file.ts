import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonObject, writeJson } from './files.ts';
import { isAlive, readRecord, stillRuns } from './processes.ts';
import { isRecord } from './values.ts';

/** What a running stack tells of itself, in `stack.json` of its home. Its fields are a contract with other programs. */
export interface StackFile {
  readonly pid: number;
  /** A part that is run elsewhere or not at all is missing. */
  readonly pids: {
    readonly postgres: number;
    readonly temporal?: number;
    readonly worker?: number;
    readonly api?: number;
  };
  readonly temporalAddress: string;
  readonly namespace: string;
  /** `null` when Temporal runs elsewhere: where its Web UI is only its operator knows. */
  readonly webUi: string | null;
  readonly databaseUrl: string;
  readonly api?: string;
  readonly simulators: Readonly<Record<string, string>>;
}

const fileOf = (home: string): string => join(home, 'stack.json');

/**
 * The stack that runs in this home, or `undefined`. A file left by a killed one counts as absent: its process is gone,
 * or its pid belongs to a process that does not hold the home.
 */
export function readStack(home: string): StackFile | undefined {
  const value = readJsonObject(fileOf(home));
  if (!isStackFile(value) || !isAlive(value.pid)) return undefined;
  const holder = readRecord(join(home, 'lock'));
  return holder !== undefined && (holder.pid !== value.pid || !stillRuns(holder)) ? undefined : value;
}

/** Writes it whole and readable by its owner alone: it holds the database's password (I11). */
export function writeStack(home: string, stack: StackFile): void {
  writeJson(fileOf(home), stack);
}

/** Removes it; none there is fine. */
export function removeStack(home: string): void {
  rmSync(fileOf(home), { force: true });
}

/** Enough to trust it: it is written by one program only, whole or not at all. */
function isStackFile(value: unknown): value is StackFile {
  if (!isRecord(value)) return false;
  const { pid, pids, temporalAddress, namespace, databaseUrl, simulators } = value;
  return (
    typeof pid === 'number' &&
    typeof pids === 'object' &&
    typeof simulators === 'object' &&
    [temporalAddress, namespace, databaseUrl].every((text) => typeof text === 'string')
  );
}
