import { pino, type Logger } from 'pino';
import { IptallyError } from './iptally-error.ts';

const levels: readonly string[] = [...Object.values(pino.levels.labels), 'silent'];

/**
 * Structured lines on standard error, one JSON object each; readable ones on a terminal. Nothing secret is ever given to
 * it: errors of adapters are turned into safe failures before they reach a log (I11).
 */
export function openLog(level = process.env['IPTALLY_LOG_LEVEL'] || 'info'): Logger {
  if (!levels.includes(level)) throw unknownLevel(level);
  const terminal = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
  if (!terminal) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  return pino({ level, base: null, transport: { target: 'pino-pretty', options: { destination: 2, colorize: true } } });
}

function unknownLevel(level: string): IptallyError {
  return new IptallyError({
    code: 'invalid-log-level',
    message: `there is no log level ${level}`,
    field: 'IPTALLY_LOG_LEVEL',
    value: level,
    accepted: levels.join(', '),
    next: 'set IPTALLY_LOG_LEVEL to one of the accepted levels, or leave it out for info',
    exitStatus: 2,
  });
}
