import type { Failure } from '../../workflows/domain/failure.ts';
import { isFailure } from '../../worker/is-failure.ts';
import { IptallyError } from '../../worker/iptally-error.ts';
import { exitStatusOf } from '../exit-status.ts';

/** Whatever a command threw, as the failure it shows. Texts of drivers and libraries are never shown (I11). */
export function asShown(error: unknown): IptallyError {
  if (error instanceof IptallyError) return error;
  const failure = carried(error);
  if (failure !== undefined) return new IptallyError({ ...failure, exitStatus: exitStatusOf(failure.code) });
  if (error instanceof Error && error.name === 'LedgerUnavailable') return unreachableLedger(error);
  // The worker's own connection, made by Temporal's core.
  if (error instanceof Error && error.name === 'TransportError') return unreachableTemporal();
  return new IptallyError({
    code: 'internal-error',
    message: `an error of iptally itself: ${error instanceof Error ? error.name : 'unknown'}`,
    next: 'run the command again with IPTALLY_DEBUG=1 to see where it stood, and report it',
  });
}

/** Errors of ports carry a failure that is safe to show; their classes belong to adapters, so they are known by it. */
function carried(error: unknown): Failure | undefined {
  if (!(error instanceof Error) || !('failure' in error)) return undefined;
  return isFailure(error.failure) ? error.failure : undefined;
}

function unreachableLedger(error: Error): IptallyError {
  if ('code' in error && error.code === 'not-migrated') {
    return new IptallyError({
      code: 'ledger-not-migrated',
      message: 'the database answers, and has no ledger in it yet',
      next: 'run "iptally migrate" with IPTALLY_MIGRATION_DATABASE_URL',
      exitStatus: 4,
    });
  }
  return new IptallyError({
    code: 'ledger-unreachable',
    message: error.message,
    next: 'check that the database runs and that DATABASE_URL is right (iptally doctor), or start it with "iptally up"',
    exitStatus: 4,
  });
}

function unreachableTemporal(): IptallyError {
  return new IptallyError({
    code: 'temporal-unreachable',
    message: 'Temporal does not answer, or has no such namespace',
    next: 'start the stack of this machine with "iptally up", or set TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE',
    exitStatus: 4,
  });
}

export function usage(message: string, command: string): IptallyError {
  return new IptallyError({
    code: 'usage',
    message: message.replace(/^error: /, ''),
    next: `see ${command} --help`,
    exitStatus: 2,
  });
}

/** What the ledger refused, in words; `because` are the names that stand in the way. */
export function refusal(
  refused: { readonly refused: string; readonly because: readonly string[] },
  what: { readonly noun: string; readonly name: string },
): IptallyError {
  const list = refused.because.join(', ');
  const words: Readonly<Record<string, readonly [message: string, next: string]>> = {
    exists: [`${what.noun} ${what.name} exists already`, `change it with "iptally ${what.noun} edit ${what.name}"`],
    'no-such': [`there is no ${what.noun} ${what.name}`, `see "iptally ${what.noun} list"`],
    'same-panel': [
      `integration ${list} has the same URL and login`,
      'use that one, or give this one a login of its own',
    ],
    'in-use': [
      `${what.noun} ${what.name} is in use: ${list}`,
      'end or move what stands in the way, then remove it; nothing was done',
    ],
    'no-such-integration': [`there is no integration ${list}`, 'see "iptally integration list"'],
  };
  const [message, next] = words[refused.refused] ?? [`${what.noun} ${what.name} was refused: ${refused.refused}`, ''];
  const code = refused.refused === 'no-such' ? `no-such-${what.noun}` : refused.refused;
  return new IptallyError({
    code,
    message,
    value: what.name,
    ...(refused.refused === 'in-use' ? { accepted: 'one that nothing uses' } : {}),
    next,
    exitStatus: exitStatusOf(code),
  });
}

/** A name that is not known, with those that are. */
export function noSuch(noun: string, name: string, known: readonly string[]): IptallyError {
  const some = known.slice(0, 20).join(', ') + (known.length > 20 ? ` … (${known.length} in all)` : '');
  return new IptallyError({
    code: `no-such-${noun}`,
    message: `there is no ${noun} ${name}`,
    field: noun,
    value: name,
    accepted: known.length === 0 ? `none is known yet` : some,
    next: `see "iptally ${noun} list"`,
  });
}
