import { workflowIds } from '../../../workflows/contract.ts';
import type { Reason } from '../../../workflows/domain/failure.ts';
import type { AddressState } from '../../../workflows/domain/states.ts';
import { releaseAddressInput } from '../../../workflows/inputs/inputs.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { accepted } from '../../accepted.ts';
import { exitStatusOf } from '../../exit-status.ts';
import { addressView } from '../../views/address.ts';
import { relative } from '../render/time.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { canonical, knownAddress, releaseLink } from './address.ts';
import { longestCoolDown } from './cool-down.ts';
import { follow } from './follow.ts';

interface ReleaseStanding {
  readonly address: string;
  readonly state: AddressState;
  readonly workflowId: string;
  readonly until: string | null;
  readonly reason: Reason | null;
}

/** Takes an address off its service and gives it back; through a long cool-down nobody is kept waiting. */
export async function releaseAddress(
  session: Session,
  text: string,
  flags: { readonly reason?: string | undefined; readonly wait: boolean },
): Promise<Outcome> {
  const reason = flags.reason ?? 'released by an operator';
  const input = accepted(releaseAddressInput, { address: text, reason }, 'releaseAddress');
  const { ledger } = await session.parts();
  const { ip } = await knownAddress(ledger, input.address);
  const client = await session.client();
  const workflowId = workflowIds.releaseAddress(ip);
  const asItStands = async (until: number, stuck: Reason | undefined): Promise<ReleaseStanding> => ({
    address: ip,
    state: addressView(await knownAddress(ledger, ip)).state,
    workflowId,
    until: until === 0 ? null : new Date(until).toISOString(),
    reason: stuck ?? null,
  });
  if (!flags.wait) {
    await client.releaseAddress(input, { wait: false });
    const now = await asItStands(0, undefined);
    return { json: now, text: `${workflowId} is on its way; "iptally address show ${ip}" tells how it stands` };
  }
  const end = await follow(session, {
    client,
    workflowId,
    work: (signal) => client.releaseAddress(input, { signal }),
    early: async (stuck) => {
      const until = await longestCoolDown(ledger, [ip]);
      return until > 0 || stuck !== undefined ? asItStands(until, stuck) : undefined;
    },
  });
  if ('early' in end) return outcome(session, end.early);
  const { result } = end.result;
  const done = await asItStands(0, undefined);
  return outcome(session, { ...done, state: result?.state ?? done.state });
}

function outcome(session: Session, standing: ReleaseStanding): Outcome {
  const { reason, state } = standing;
  // Somebody kept it: what was asked for has not happened.
  const kept = state === 'active' || state === 'reserved' ? { exit: 3 as const } : {};
  const exit = reason === null ? kept : { exit: exitStatusOf(reason.code) };
  return { json: standing, text: words(session, standing), ...exit };
}

function words(session: Session, { address, state, until, reason }: ReleaseStanding): string {
  const link = releaseLink(session, address);
  const story = link === null ? '' : `\nstory: ${link}`;
  if (reason !== null)
    return `${address} is ${state}, and its release waits: ${reason.message} (${reason.code})${story}`;
  if (until !== null) {
    const back = `it goes back ${relative(until)}, and until then "iptally address keep ${address}" keeps it`;
    return `${address} is off its service and cools down: ${back}${story}`;
  }
  const said: Readonly<Record<AddressState, string>> = {
    quarantined: 'is given back; its quarantine runs',
    released: 'is given back',
    releasing: `is being released; it goes on by itself${story}`,
    active: `is active still${story}`,
    reserved: `is reserved still${story}`,
  };
  return `${address} ${said[state]}`;
}

/** Keeps an address whose release has not gone too far. Too late changes nothing, and is a refusal. */
export async function keepAddress(session: Session, text: string): Promise<Outcome> {
  const ip = canonical(text);
  const { ledger } = await session.parts();
  const row = await knownAddress(ledger, ip);
  const client = await session.client();
  const workflowId = workflowIds.releaseAddress(ip);
  const answer = await follow(session, { client, workflowId, work: () => client.keepAddress(ip) }).catch(
    (error: unknown) => {
      const gone = error instanceof IptallyError && error.code === 'not-running';
      throw gone ? nothingToKeep(ip, addressView(row).state) : error;
    },
  );
  if ('early' in answer) throw new Error('keeping ends with its answer');
  const kept = answer.result;
  const why = kept.reason === undefined ? '' : `: ${kept.reason.message} (${kept.reason.code})`;
  const said = kept.kept ? `${ip} stays, it is ${kept.state}` : `${ip} does not stay, it is ${kept.state}${why}`;
  return { json: kept, text: said, ...(kept.kept ? {} : { exit: 3 }) };
}

function nothingToKeep(ip: string, state: AddressState): IptallyError {
  return new IptallyError({
    code: 'nothing-to-keep',
    message: `${ip} is ${state}, and no release of it runs: nothing was changed`,
    field: 'address',
    value: ip,
    accepted: 'an address whose release runs and has not been given back yet',
    next: `see "iptally address history ${ip}"`,
    exitStatus: 3,
  });
}
