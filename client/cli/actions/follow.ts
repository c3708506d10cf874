import { setTimeout as sleep } from 'node:timers/promises';
import type { Reason } from '../../../workflows/domain/failure.ts';
import type { IptallyClient, Standing } from '../../index.ts';
import type { Session } from '../session.ts';

/** What is waited for, and when to stop waiting before its end. */
export interface Followed<Result, Early> {
  readonly client: IptallyClient;
  readonly workflowId: string;
  /** Ends when it is done, or without an answer when the signal ends the wait. */
  readonly work: (signal: AbortSignal) => Promise<Result>;
  /** Asked every second: something to end with although the work goes on. */
  readonly early?: (stuck: Reason | undefined) => Promise<Early | undefined>;
}

/** A run that has waited this long for something will not go on by itself soon: a person should read why. */
const stuckMs = 60_000;
const lookEveryMs = 1_000;

/**
 * Waits for work that runs in Temporal. Whoever looks is told why it waits, once a reason; Ctrl-C ends the wait, never
 * the work.
 */
export async function follow<Result, Early>(
  session: Session,
  it: Followed<Result, Early>,
): Promise<{ readonly result: Result } | { readonly early: Early }> {
  const stop = new AbortController();
  const leave = (): void => {
    session.warn(`${it.workflowId} goes on in Temporal; the same command shows its end`);
    process.exit(130);
  };
  process.once('SIGINT', leave);
  const done = new AbortController();
  const work = it.work(stop.signal).finally(() => {
    done.abort();
  });
  const early = lookWhile(session, it, done.signal);
  try {
    const first = await Promise.race([work.then((result) => ({ result })), early]);
    if (first !== undefined) return first;
    return { result: await work };
  } finally {
    stop.abort();
    done.abort();
    process.off('SIGINT', leave);
    // Neither may still ask when connections are closed.
    await Promise.allSettled([work, early]);
    session.progress.clear();
  }
}

async function lookWhile<Result, Early>(
  session: Session,
  it: Followed<Result, Early>,
  done: AbortSignal,
): Promise<{ readonly early: Early } | undefined> {
  const reasons = new Reasons(session);
  for (;;) {
    await sleep(lookEveryMs, undefined, { signal: done }).catch(() => undefined);
    if (done.aborted) return undefined;
    const standing = await it.client.standing(it.workflowId).catch(() => undefined);
    reasons.see(standing);
    const early = await it.early?.(reasons.stuck());
    if (early !== undefined) return { early };
  }
}

/** Why a run waits, said once a reason, and since when it is the same. */
class Reasons {
  readonly #session: Session;
  #last: Reason | undefined;
  #since = 0;

  constructor(session: Session) {
    this.#session = session;
  }

  see(standing: Standing | undefined): void {
    if (standing?.running !== true) return;
    const reason = standing.state === 'waiting' ? (standing.reason ?? undefined) : undefined;
    if (reason?.code !== this.#last?.code) {
      this.#since = Date.now();
      if (reason !== undefined) this.#session.warn(`${standing.workflowId} waits: ${reason.message} (${reason.code})`);
    }
    this.#last = reason;
    this.#session.progress.say(`${standing.workflowId}: ${reason?.message ?? standing.state ?? 'started'} …`);
  }

  stuck(): Reason | undefined {
    return this.#last !== undefined && Date.now() - this.#since > stuckMs ? this.#last : undefined;
  }
}
