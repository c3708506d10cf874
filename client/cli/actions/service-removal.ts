import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { workflowIds } from '../../../workflows/contract.ts';
import type { Reason } from '../../../workflows/domain/failure.ts';
import { removeServiceInput } from '../../../workflows/inputs/inputs.ts';
import { accepted } from '../../accepted.ts';
import { exitStatusOf } from '../../exit-status.ts';
import { webUiLink } from '../../views/service.ts';
import { removalText } from '../render/service.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { longestCoolDown } from './cool-down.ts';
import { follow } from './follow.ts';
import type { RemovalStanding } from './removal-standing.ts';
import { knownService } from './service.ts';

export interface RemovalFlags {
  readonly reason?: string | undefined;
  readonly wait: boolean;
}

/** Gives every address of a service back and removes it from its server. */
export async function removeService(session: Session, id: string, flags: RemovalFlags): Promise<Outcome> {
  const input = accepted(
    removeServiceInput,
    { service: id, reason: flags.reason ?? 'removed by an operator' },
    'removeService',
  );
  const { ledger } = await session.parts();
  await knownService(ledger, id);
  const held = (await ledger.addresses.list({ service: id })).map(({ ip }) => ip);
  const client = await session.client();
  const workflowId = workflowIds.removeService(id);
  const goingOn = async (reason: Reason | null): Promise<RemovalStanding> => {
    const { released, kept } = await leaving(ledger, held, reason);
    return { service: id, workflowId, state: 'removing', released, kept, reason };
  };
  if (!flags.wait) {
    await client.removeService(input, { wait: false });
    return outcome(session, await goingOn(null));
  }
  const end = await follow(session, {
    client,
    workflowId,
    work: (signal) => client.removeService(input, { signal }),
    early: async (stuck) => {
      if (stuck !== undefined) return goingOn(stuck);
      return (await onlyCoolingDown(ledger, id, held)) ? goingOn(null) : undefined;
    },
  });
  if ('early' in end) return outcome(session, end.early);
  const { result } = end.result;
  if (result === undefined) return outcome(session, await goingOn(null));
  const { released, kept } = result;
  return outcome(session, { service: id, workflowId, state: 'removed', released, kept, reason: null });
}

/** Which of the addresses have gone back, and why the others have not yet. */
async function leaving(
  ledger: Ledger,
  held: readonly string[],
  reason: Reason | null,
): Promise<Pick<RemovalStanding, 'released' | 'kept'>> {
  const rows = await Promise.all(held.map(async (ip) => ({ ip, row: await ledger.addresses.find(ip) })));
  const gone = rows.filter(({ row }) => row === undefined || row.state === 'quarantined' || row.state === 'released');
  const left = rows.filter((one) => !gone.includes(one));
  return {
    released: gone.map(({ ip }) => ip),
    kept: left.map(({ ip, row }) => ({
      ip,
      reason: row?.state === 'releasing' ? 'off the service, not given back yet' : (reason?.message ?? 'it is next'),
    })),
  };
}

/** Nothing is left to do for longer than a person waits: all its addresses cool down. */
async function onlyCoolingDown(ledger: Ledger, service: string, held: readonly string[]): Promise<boolean> {
  if ((await ledger.addresses.list({ service })).length > 0) return false;
  return (await longestCoolDown(ledger, held)) > 0;
}

function outcome(session: Session, standing: RemovalStanding): Outcome {
  const text = removalText(standing, webUiLink(session.config, standing.workflowId));
  const { reason } = standing;
  return { json: standing, text, ...(reason === null ? {} : { exit: exitStatusOf(reason.code) }) };
}
