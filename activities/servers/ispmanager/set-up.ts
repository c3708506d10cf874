import type { PanelClient } from '../../coremanager/client.ts';
import type { ServerOutcome, SetUpRequest } from '../server-module.ts';
import { giveAddress, inUse, takeAddress } from './give-address.ts';
import { nobodysPassword } from '../nobodys-password.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import { fullNameOf, userNameOf } from './panel-user.ts';
import { addressesOfUser, findUser, panelAddresses, type PanelAddress } from './panel-view.ts';
import { leftover, nameTaken, notThere } from './refusals.ts';
import { removeUser } from './remove-user.ts';

export interface SettingUp {
  readonly client: PanelClient;
  readonly request: SetUpRequest;
  readonly settings: Readonly<Record<string, string>>;
  /** ispmanager lite has none to list (documented: reference 4.7). */
  readonly withAddresses: boolean;
  /** Called when something was changed on the server. */
  readonly sent: () => void;
}

/**
 * Looks first, then makes the user, then gives it exactly the addresses asked for. Whatever was done before is found and
 * not done again; each thing is one request.
 */
export async function setUp(job: SettingUp): Promise<ServerOutcome> {
  const { client, request } = job;
  const user = userNameOf(request.service);
  const found = await findUser(client, request.service);
  if (found === 'name-taken') return refused(nameTaken(request.service));
  const rows = job.withAddresses ? await panelAddresses(client) : [];
  for (const ip of request.addresses) {
    const failure = inUse({ user, ip, rows });
    if (failure !== undefined) return found === 'absent' ? refused(failure) : { kind: 'task-failed', failure };
  }
  if (found === 'absent') {
    const created = await createUser(job, user);
    if (created.kind !== 'done') return created;
    job.sent();
  }
  const given = await giveAll(job, user, rows);
  if (given.kind === 'done') return confirm(job, user);
  if (given.kind !== 'refused') return given;
  // Only what this very call created may go again: a user found here may serve a customer already. It is there, so a no of
  // the panel is never "nothing of it is there".
  return found === 'absent' ? undo(job, user, given) : { kind: 'task-failed', failure: given.failure };
}

async function createUser(job: SettingUp, user: string): Promise<ServerOutcome> {
  const { client, request, settings } = job;
  const password = nobodysPassword();
  const { domain } = request.service;
  const answer = await client.mutate({
    func: 'user.add.finish',
    sok: 'ok',
    ...(settings['preset'] === undefined ? {} : { preset: settings['preset'] }),
    name: user,
    passwd: password,
    confirm: password,
    fullname: fullNameOf(request.service),
    ...(settings['webdomain'] === 'off' ? { webdomain: 'off' } : { webdomain_name: domain }),
    ...(settings['emaildomain'] === 'off' ? { emaildomain: 'off' } : { emaildomain_name: domain }),
    ipsrc: 'do_not_assign', // the address is known: it is given in a call of its own (documented: 5.5)
  });
  if (answer.kind === 'ok') return done;
  if (answer.kind === 'refused' && answer.error.type === 'exists') {
    // An earlier call's late effect, or another user's domain: the list knows.
    return (await findUser(client, request.service)) === 'ours' ? done : mutationOutcome(answer);
  }
  return mutationOutcome(answer);
}

async function giveAll(job: SettingUp, user: string, rows: readonly PanelAddress[]): Promise<ServerOutcome> {
  const { client, request } = job;
  for (const ip of request.addresses) {
    const given = await giveAddress({ client, user, ip, rows }, job.sent);
    if (given.kind !== 'done') return given;
  }
  const extra = addressesOfUser(rows, user).filter((ip) => !request.addresses.includes(ip));
  for (const ip of extra) {
    const taken = await takeAddress({ client, user, ip, rows }, job.sent);
    if (taken.kind !== 'done') return taken;
  }
  return done;
}

/** The server's own lists have the last word. */
async function confirm(job: SettingUp, user: string): Promise<ServerOutcome> {
  const { client, request } = job;
  if ((await findUser(client, request.service)) !== 'ours')
    return { kind: 'unknown', failure: notThere(request.service) };
  if (request.addresses.length === 0) return done;
  const there = addressesOfUser(await panelAddresses(client), user);
  const complete = request.addresses.every((ip) => there.includes(ip));
  return complete ? done : { kind: 'unknown', failure: notThere(request.service) };
}

async function undo(
  { client, withAddresses, sent }: SettingUp,
  user: string,
  why: ServerOutcome,
): Promise<ServerOutcome> {
  const undone = await removeUser({ client, user, withAddresses, sent });
  return undone.kind === 'done' ? why : { kind: 'unknown', failure: 'failure' in why ? why.failure : leftover(user) };
}
