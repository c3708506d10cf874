/**
 * A Ctrl-C at the terminal reaches every process of the group, and npm passes it on a second time. Signals this close
 * together are one wish.
 */
const SAME_WISH_MS = 500;

/** What the signals of this process mean to the stack. */
export interface Signals {
  /** Aborts with the first signal: stop in order. */
  readonly first: AbortSignal;
  readonly dispose: () => void;
}

/**
 * Listens from before the first child is started: a signal in the middle of a start would leave servers behind. The
 * second wish ends this process at once; what it started is ended by its exit handler.
 */
export function listenForSignals(): Signals {
  const controller = new AbortController();
  let firstAt = 0;
  const handle = (name: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort(new Error(`stopped by ${name}`));
      return;
    }
    if (performance.now() - firstAt < SAME_WISH_MS) return;
    process.exit(name === 'SIGINT' ? 130 : 143);
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, handle);
  return {
    first: controller.signal,
    dispose: () => {
      for (const name of names) process.off(name, handle);
    },
  };
}
