import {
  makeTelemetryFilterString,
  Runtime,
  type Logger as TemporalLogger,
  type LogLevel,
  type TelemetryOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';

/** Installs Temporal's runtime once a process: its logs go to ours, and signals stay ours. First of all, before any client. */
export function installRuntime(log: Logger): void {
  Runtime.install({
    logger: bridge(log),
    shutdownSignals: [],
    telemetryOptions: {
      logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
      ...metricsAt(process.env['IPTALLY_METRICS_ADDRESS']),
    },
  });
}

/** Task tokens are binary and say nothing; the rest of the SDK's context (workflow, run, attempt) stays. */
function bridge(log: Logger): TemporalLogger {
  const write = (level: LogLevel, message: string, meta?: Record<string | symbol, unknown>) => {
    const { taskToken: _taskToken, error, ...rest } = meta ?? {};
    const failed = error instanceof Error ? { error: error.name, failure: error.message } : {};
    log[levels[level]]({ ...rest, ...failed }, message);
  };
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  };
}

const levels = { TRACE: 'trace', DEBUG: 'debug', INFO: 'debug', WARN: 'warn', ERROR: 'error' } as const;

/** Temporal's own metrics and ours, for Prometheus to fetch; `host:port`, off where nothing is said. */
function metricsAt(bindAddress: string | undefined): Pick<TelemetryOptions, 'metrics'> {
  return bindAddress === undefined || bindAddress === '' ? {} : { metrics: { prometheus: { bindAddress } } };
}
