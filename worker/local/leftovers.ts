import { join } from 'node:path';
import type { Home } from './home.ts';
import { outsideBase, postmasterPid } from './postgres-place.ts';
import { commandLine, readRecord, runningWith, signal, stillRuns } from './processes.ts';

/**
 * Ends every process of a home at once, by what is on disk: also those that were only just started and that nobody
 * has been told of. Synchronous, since it runs while this process exits. What was committed is safe: both servers
 * recover from their logs at the next start.
 */
export function killProcessesOf(home: Pick<Home, 'path' | 'postgres' | 'temporal'>): void {
  for (const file of [
    join(home.path, 'worker.pid.json'),
    join(home.path, 'api.pid.json'),
    join(home.temporal, 'pid.json'),
  ]) {
    const record = readRecord(file);
    if (record !== undefined && stillRuns(record)) signal(record.pid, 'SIGKILL');
  }
  for (const base of [home.postgres, outsideBase(home.path)]) {
    const data = join(base, 'data');
    const postmaster = postmasterPid(data);
    // PostgreSQL's own "at once": killed outright it would leave its helpers and its shared memory for a while.
    if (postmaster !== undefined && commandLine(postmaster).includes(data)) signal(postmaster, 'SIGQUIT');
    // An initdb in the middle of a new cluster, which counts as none.
    for (const pid of runningWith(`${data}.new`)) signal(pid, 'SIGKILL');
  }
}
