import { childText } from '../../coremanager/tree.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { notOnPanel, unlikeAsked } from '../coremanager-machines/failures.ts';
import { nobodysPassword } from '../nobodys-password.ts';
import { done, mutationOutcome, refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { serviceLabel } from '../service-label.ts';
import type { CreatingVm } from './create-vm.ts';
import { listVms, namedRows, type NamedRow } from './panel-view.ts';

interface Owner {
  readonly id: string;
  /** Made in this very call. */
  readonly made: boolean;
}

/** The user a VM is made for: one named by a setting, or one of the service's own, made when it is missing. */
export async function findOwner(job: CreatingVm, users: readonly NamedRow[]): Promise<Owner | ServerOutcome> {
  const { client, settings, service, sent } = job;
  const { user } = settings;
  const name = user ?? serviceLabel(service);
  const found = users.find((row) => row.name === name);
  if (found !== undefined) return { id: found.id, made: false };
  if (user !== undefined) return refused(notOnPanel('user', user));
  const password = nobodysPassword();
  const answer = await client.mutate({
    func: 'user.edit',
    sok: 'ok',
    level: '16',
    name,
    passwd: password,
    confirm: password,
  });
  if (answer.kind === 'ok') sent();
  // "Exists" is the late effect of an earlier call: the list knows it by now.
  else if (answer.kind !== 'refused' || answer.error.type !== 'exists') return mutationOutcome(answer);
  const told = answer.kind === 'ok' ? childText(answer.doc, 'id')?.trim() : undefined;
  if (told) return { id: told, made: true };
  const listed = (await namedRows(client, 'user')).find((row) => row.name === name);
  if (listed !== undefined) return { id: listed.id, made: answer.kind === 'ok' };
  return answer.kind === 'ok'
    ? { kind: 'unknown', failure: unlikeAsked('its user was made') }
    : mutationOutcome(answer);
}

/** Removes the service's own user, or finds it gone. One that owns machines by now is somebody's and stays. */
export async function removeOwner(
  client: PanelClient,
  service: ServiceOnServer,
  sent: () => void,
): Promise<ServerOutcome> {
  const name = serviceLabel(service);
  const find = async () => (await namedRows(client, 'user')).find((row) => row.name === name);
  const user = await find();
  if (user === undefined) return done;
  if ((await listVms(client, name)).length > 0) return done;
  const answer = await client.mutate({ func: 'user.delete', elid: user.id });
  if (answer.kind === 'ok') sent();
  else if (answer.kind !== 'refused') return mutationOutcome(answer);
  if ((await find()) === undefined) return done;
  return answer.kind === 'ok'
    ? { kind: 'unknown', failure: unlikeAsked(`the user ${name} was removed`) }
    : mutationOutcome(answer);
}
