import { requireTemporal } from '../../../worker/config.ts';
import { openLog } from '../../../worker/log.ts';
import { runWorker } from '../../../worker/run-worker.ts';
import { installRuntime } from '../../../worker/telemetry.ts';
import { taskQueue } from '../../../workflows/contract.ts';
import { show } from '../run.ts';
import type { Session } from '../session.ts';

/** Runs one worker until a signal; a second signal ends it at once. */
export async function worker(session: Session): Promise<undefined> {
  const { config } = session;
  const temporalAddress = requireTemporal(config);
  const log = openLog();
  const stop = new AbortController();
  let stoppedAt = 0;
  const handle = (): void => {
    // Ctrl-C may arrive twice, from the terminal and from npm: signals this close are one wish.
    if (stop.signal.aborted && performance.now() - stoppedAt > 500) process.exit(130);
    stoppedAt = performance.now();
    stop.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, handle);
  installRuntime(log);
  const document = { pid: process.pid, taskQueue, namespace: config.namespace, temporalAddress };
  const text = `worker ${process.pid} polls ${taskQueue} in namespace ${config.namespace} at ${temporalAddress}; Ctrl-C stops it`;
  const ready = (): void => {
    show({ json: document, text }, session.json);
  };
  await runWorker({ config, log, stop: stop.signal, ready });
  return undefined;
}
