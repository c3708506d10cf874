import { pino, type Logger } from 'pino';

/**
 * Structured lines on standard error, one JSON object each; readable ones on a terminal. Nothing secret is ever given to
 * it: errors of adapters are turned into safe failures before they reach a log (I11).
 */
export function openLog(level = process.env['IPTALLY_LOG_LEVEL'] ?? 'info'): Logger {
  const terminal = process.stderr.isTTY && process.env['NO_COLOR'] === undefined;
  if (!terminal) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2));
  return pino({ level, base: null, transport: { target: 'pino-pretty', options: { destination: 2, colorize: true } } });
}
