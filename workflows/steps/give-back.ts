import type { OrderTicket } from '../../activities/allocation.ts';
import { looking } from './activity-profiles.ts';
import type { Stage } from './stage.ts';
import { startOverWhenLong } from './start-over.ts';
import { pause, untilClear } from './waiting.ts';

export interface GiveBackDesk {
  readonly stage: Stage;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly quarantineMs: number;
  readonly reason: string;
}

/**
 * An address of an order that will not keep it goes back by the release steps. It waits visibly as long as the panel
 * refuses; `stray` was not ours and was left alone; `in-use` is known here, so it stays held and on record (I3).
 */
export async function giveBack(
  ip: string,
  ticket: OrderTicket,
  desk: GiveBackDesk,
): Promise<'gone' | 'stray' | 'in-use'> {
  const { stage, fenceMs, quarantineMs, reason } = desk;
  const what = `give ${ip} back`;
  for (let round = 0; ; round += 1) {
    const answer = await untilClear(stage, { ms: fenceMs, what }, () =>
      looking(desk.requestTimeoutMs, what, 5).giveBack(ticket, ip, { reason, quarantineMs }),
    );
    if (answer.kind !== 'refused') {
      stage.goOn(ip);
      stage.tell(`${ip} ${words[answer.kind]}`);
      if (answer.kind === 'in-use' && answer.mark) await markConflict(ip, ticket, desk);
      return answer.kind;
    }
    stage.wait({ code: answer.failure.code, message: `${ip} cannot go back: ${answer.failure.message}` }, ip);
    startOverWhenLong();
    await pause(
      Math.min(300_000, 5_000 * 2 ** Math.min(round, 6)),
      `${ip} cannot go back: ${answer.failure.message}`.slice(0, 200),
    );
  }
}

const words = {
  gone: 'went back to IPmanager',
  stray: 'is not ours; left alone',
  'in-use': 'is in use or in quarantine here; it stays held, on record',
} as const;

/** Step 5: the conflict is in the ledger, now the mark goes onto the address. */
export async function markConflict(
  ip: string,
  ticket: OrderTicket,
  { stage, requestTimeoutMs, fenceMs }: Pick<GiveBackDesk, 'stage' | 'requestTimeoutMs' | 'fenceMs'>,
): Promise<void> {
  const what = `mark ${ip} with dns.set.error`;
  const answer = await untilClear(stage, { ms: fenceMs, what, inOneRun: true }, () =>
    looking(requestTimeoutMs, what).markConflict(ticket, ip),
  );
  stage.tell(answer.kind === 'marked' ? `${ip} carries \`dns.set.error\` now and stays held` : answer.failure.message);
}
