import type { PanelClient } from '../../coremanager/client.ts';
import { done, mutationOutcome } from '../outcome.ts';
import type { ServerOutcome } from '../server-module.ts';
import { takeAddress } from './give-address.ts';
import { panelAddresses, userNames, type PanelAddress } from './panel-view.ts';
import { leftover } from './refusals.ts';

export interface Removing {
  readonly client: PanelClient;
  readonly user: string;
  /** ispmanager lite has none (documented: reference 4.7). */
  readonly withAddresses: boolean;
  /** Called when something was changed on the server. */
  readonly sent: () => void;
}

/**
 * A user with all of its addresses, these first: what a panel does with the addresses of a user that goes is its own
 * affair, and one that is left free there would be given to its next user. The panel's list has the last word.
 */
export async function removeUser(job: Removing): Promise<ServerOutcome> {
  const { client, user, sent } = job;
  const taken = job.withAddresses ? await takeAll(job) : done;
  if (taken.kind !== 'done') return taken;
  const answer = await client.mutate({ func: 'user.delete', elid: user });
  if (answer.kind === 'ok') sent();
  else if (answer.kind !== 'refused') return mutationOutcome(answer);
  if (!(await userNames(client)).includes(user)) return done;
  return answer.kind === 'ok' ? { kind: 'unknown', failure: leftover(user) } : mutationOutcome(answer);
}

/**
 * One request each where the panel takes it, so that a lost answer leaves no row that is freed and nobody's, which the next
 * call could not tell for ours. Where it wants them freed first, as for a single one.
 */
async function takeAll({ client, user, sent }: Removing): Promise<ServerOutcome> {
  for (const { ip } of await rowsOf(client, user)) {
    const removed = await client.mutate({ func: 'ipaddr.delete', elid: ip, sok: 'ok' });
    if (removed.kind === 'ok') sent();
    else if (removed.kind !== 'refused') return mutationOutcome(removed);
  }
  const rows = await rowsOf(client, user);
  for (const { ip } of rows) {
    const taken = await takeAddress({ client, user, ip, rows }, sent);
    if (taken.kind !== 'done') return taken;
  }
  return done;
}

async function rowsOf(client: PanelClient, user: string): Promise<readonly PanelAddress[]> {
  return (await panelAddresses(client)).filter(({ owner }) => owner === user);
}
