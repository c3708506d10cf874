import type { OrderTicket } from '../../activities/allocation.ts';
import { looking } from './activity-profiles.ts';
import type { Desk } from './allocate.ts';
import { failureOf, untilClear } from './waiting.ts';

type HealDesk = Pick<Desk, 'stage' | 'onConflict' | 'requestTimeoutMs' | 'fenceMs'>;

/**
 * `on-conflict heal`: the conflict is undone at once where the holder's own server confirms that it uses the address. What
 * cannot be confirmed leaves the mark for a person; the order goes on either way.
 */
export async function healConflict(ip: string, { run }: OrderTicket, desk: HealDesk): Promise<void> {
  const { stage, onConflict, requestTimeoutMs, fenceMs } = desk;
  if (onConflict !== 'heal' || !(await confirmed(ip, desk))) return;
  const what = `bring the PTR and tag of ${ip} back`;
  const answer = await untilClear(stage, { ms: fenceMs, what, inOneRun: true }, () =>
    looking(requestTimeoutMs, what, 4).resolveConflict(ip, run),
  );
  const resolved = answer.kind === 'resolved' ? `its conflict is healed` : answer.failure.message;
  stage.tell(`${ip}: ${resolved}`);
}

/** A server that does not answer confirms nothing, and must not hold the order up. */
async function confirmed(ip: string, { stage, requestTimeoutMs }: HealDesk): Promise<boolean> {
  try {
    const uses = await looking(requestTimeoutMs, `ask the holder's server whether it uses ${ip}`).holderConfirms(ip);
    stage.tell(`${ip} ${uses ? 'is used by its holder' : "stays marked: its holder's server does not confirm it"}`);
    return uses;
  } catch (error) {
    stage.tell(`${ip} stays marked: ${failureOf(error).message}`);
    return false;
  }
}
