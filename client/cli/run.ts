import type { IptallyError } from '../../worker/iptally-error.ts';
import { styleText } from 'node:util';
import type { ExitStatus } from '../exit-status.ts';
import { asShown } from './errors.ts';
import { openSession, type Session } from './session.ts';

/** What a command came to. `exit` other than 0: the document tells a result that is not what was asked for. */
export interface Outcome {
  readonly json: unknown;
  readonly text: string;
  readonly exit?: 0 | ExitStatus;
}

/** The options every command has. */
export interface GlobalFlags {
  readonly json?: true | undefined;
  readonly home?: string | undefined;
  readonly temporalAddress?: string | undefined;
  readonly namespace?: string | undefined;
  readonly masterKeyFile?: string | undefined;
}

/** A command, as far as this needs to know it. */
interface Asked {
  optsWithGlobals(): object;
}

/** Runs one command: opens what it needs, prints its one document or its error, closes everything. */
export async function run(asked: Asked, action: (session: Session) => Promise<Outcome | undefined>): Promise<void> {
  const flags: GlobalFlags = asked.optsWithGlobals();
  let session: Session | undefined;
  try {
    session = openSession(flags);
    const outcome = await action(session);
    session.progress.clear();
    if (outcome !== undefined) show(outcome, flags.json === true);
    process.exitCode = outcome?.exit ?? 0;
  } catch (error) {
    session?.progress.clear();
    if (process.env['IPTALLY_DEBUG']) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    showError(asShown(error), flags.json === true);
  } finally {
    await session?.close();
  }
}

export function show(outcome: Pick<Outcome, 'json' | 'text'>, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(outcome.json, undefined, 2)}\n` : `${outcome.text}\n`);
}

/** An error goes to stderr for people; with `--json` it is the one document on stdout. */
export function showError(error: IptallyError, json: boolean): void {
  process.exitCode = error.exitStatus;
  if (json) {
    process.stdout.write(`${JSON.stringify({ error: error.failure }, undefined, 2)}\n`);
    return;
  }
  const mark = styleText('red', 'error:', { stream: process.stderr });
  const accepted =
    error.accepted === undefined || error.message.includes(error.accepted) ? [] : [`  accepted: ${error.accepted}`];
  const lines = [`${mark} ${error.message} (${error.code})`, ...accepted, `  next: ${error.next}`];
  process.stderr.write(`${lines.join('\n')}\n`);
}
