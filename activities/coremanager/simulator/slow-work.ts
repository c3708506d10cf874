/** Work that goes on after the answer, as installing a system does: driven by time, with knobs. */
export interface SlowKnobs {
  /** How long the next ones take. */
  taskMs: number;
  /** The next one ends badly, with these words. */
  failNext: string | null;
  /** Those begun from now on do not end by themselves. */
  hang: boolean;
}

export interface SlowWork {
  endsAt: number;
  hangs: boolean;
  readonly failure: string | null;
}

export function slowKnobs(knobs: Partial<SlowKnobs> = {}): SlowKnobs {
  return { taskMs: 300, failNext: null, hang: false, ...knobs };
}

export function beginWork(knobs: SlowKnobs): SlowWork {
  const failure = knobs.failNext;
  knobs.failNext = null;
  return { endsAt: Date.now() + knobs.taskMs, hangs: knobs.hang, failure };
}

export function noWork(): SlowWork {
  return { endsAt: 0, hangs: false, failure: null };
}

export function phaseOf(work: SlowWork): 'working' | 'failed' | 'done' {
  if (work.hangs || Date.now() < work.endsAt) return 'working';
  return work.failure === null ? 'done' : 'failed';
}
