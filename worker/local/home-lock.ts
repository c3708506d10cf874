import type { Home } from './home.ts';
import { type LockAnswer, takeLock } from './lock.ts';
import { type ProcessRecord, readRecord, stillRuns } from './processes.ts';

/** Takes a home for this process, or tells which process runs it: two stacks on one home would share one cluster. */
export function takeHome(home: Home): Promise<LockAnswer> {
  return takeLock(home.lock);
}

/** The process that runs this home now, if any. */
export function homeHolder(home: Home): ProcessRecord | undefined {
  const holder = readRecord(home.lock);
  return holder !== undefined && stillRuns(holder) ? holder : undefined;
}
