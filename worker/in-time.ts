import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for work so long and no longer; whatever is still waited for then must not keep the process from ending. */
export async function inTime(work: Promise<unknown>, ms: number): Promise<void> {
  const done = new AbortController();
  const late = sleep(ms, undefined, { signal: done.signal }).catch(() => undefined);
  await Promise.race([work, late]).finally(() => {
    done.abort();
  });
}
