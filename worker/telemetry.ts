import {
  makeTelemetryFilterString,
  Runtime,
  type Logger as TemporalLogger,
  type LogLevel,
  type TelemetryOptions,
} from '@temporalio/worker';
import type { Logger } from 'pino';
import { IptallyError } from './iptally-error.ts';

/** Installs Temporal's runtime once a process: its logs go to ours, and signals stay ours. First of all, before any client. */
export function installRuntime(log: Logger): void {
  const metricsAddress = process.env['IPTALLY_METRICS_ADDRESS'];
  try {
    Runtime.install({
      logger: bridge(log),
      shutdownSignals: [],
      telemetryOptions: {
        logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} },
        ...metricsAt(metricsAddress),
      },
    });
  } catch (error) {
    // All else that is told to the runtime is always the same.
    throw metricsAddress ? noMetricsAt(metricsAddress, error) : error;
  }
}

/** Temporal's core says `TypeError` of what it cannot read, and anything else of what it cannot listen at. */
function noMetricsAt(value: string, error: unknown): IptallyError {
  const about = { field: 'IPTALLY_METRICS_ADDRESS', value, accepted: 'IP address and port, like 127.0.0.1:9464' };
  if (error instanceof TypeError) {
    const message = `${value} is no address to show metrics at`;
    const next = 'set IPTALLY_METRICS_ADDRESS to an IP address of this machine and a port, or leave it out';
    return new IptallyError({ code: 'invalid-metrics-address', message, ...about, next, exitStatus: 2 });
  }
  const message = `metrics cannot be shown at ${value}: the port is taken, or the address is not one of this machine`;
  const next = 'give each worker of a machine an IPTALLY_METRICS_ADDRESS of its own, or leave it out';
  return new IptallyError({ code: 'metrics-address-unusable', message, ...about, next, exitStatus: 4 });
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
