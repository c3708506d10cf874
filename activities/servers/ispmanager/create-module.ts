import { beginCall } from '../../coremanager/begin-call.ts';
import { createPanelClient, type PanelClient } from '../../coremanager/client.ts';
import { safeText } from '../../http/safe-text.ts';
import { attribute, childText } from '../../coremanager/tree.ts';
import type {
  ModuleCapabilities,
  ServerConnection,
  ServerModule,
  ServerOutcome,
  ServerReport,
  ServiceOnServer,
} from '../server-module.ts';
import { giveAddress, inUse, takeAddress } from './give-address.ts';
import { asOutcome, asServerRead, done, refused } from '../outcome.ts';
import { panelOptions } from '../panel-options.ts';
import { userNameOf } from './panel-user.ts';
import { addressesOfUser, findUser, panelAddresses, presetNames } from './panel-view.ts';
import { nameTaken, noSuchService } from './refusals.ts';
import { removeUser, type Removing } from './remove-user.ts';
import { setUp } from './set-up.ts';

/** ispmanager 5 and 6 (business/host, and lite without addresses), over the same protocol as IPmanager. */
export function createIspManager(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const client = createPanelClient(panelOptions(connection));
  return {
    capabilities,
    setUp: (request) =>
      asOutcome((sent) =>
        setUp({
          client: beginCall(client),
          request,
          settings: connection.settings,
          withAddresses: capabilities.addresses,
          sent,
        }),
      ),
    addAddress: ({ service, ip }) => asOutcome((sent) => addAddress({ client: beginCall(client), service, ip, sent })),
    removeAddress: ({ service, ip }) =>
      asOutcome(async (sent) => {
        const call = beginCall(client);
        if ((await findUser(call, service)) === 'name-taken') return refused(nameTaken(service));
        const rows = await panelAddresses(call);
        return takeAddress({ client: call, user: userNameOf(service), ip, rows }, sent);
      }),
    addressesOf: (service) => asServerRead(() => addressesOf(client, service)),
    remove: (service) =>
      asOutcome((sent) => remove({ client: beginCall(client), service, withAddresses: capabilities.addresses, sent })),
    progressOf: async () => done, // every call answers when its work is done (reference 5.5)
    test: () => asServerRead(() => report(client, connection.settings['preset'])),
    close: () => client.close(),
  };
}

interface Changing {
  readonly client: PanelClient;
  readonly service: ServiceOnServer;
  readonly sent: () => void;
}

async function addAddress({ client, service, ip, sent }: Changing & { readonly ip: string }): Promise<ServerOutcome> {
  const user = userNameOf(service);
  if ((await findUser(client, service)) !== 'ours') return refused(noSuchService(service));
  const rows = await panelAddresses(client);
  const failure = inUse({ user, ip, rows });
  if (failure !== undefined) return refused(failure);
  return giveAddress({ client, user, ip, rows }, sent);
}

async function addressesOf(client: PanelClient, service: ServiceOnServer): Promise<readonly string[] | undefined> {
  if ((await findUser(client, service)) !== 'ours') return undefined;
  return addressesOfUser(await panelAddresses(client), userNameOf(service));
}

/** Never somebody else's user of that name, and one that only may be ours is not called gone either (I4). */
async function remove(job: Changing & Pick<Removing, 'withAddresses'>): Promise<ServerOutcome> {
  const found = await findUser(job.client, job.service);
  if (found === 'name-taken') return refused(nameTaken(job.service));
  return found === 'absent' ? done : removeUser({ ...job, user: userNameOf(job.service) });
}

async function report(client: PanelClient, preset: string | undefined): Promise<ServerReport> {
  const session = await client.session();
  const who = await client.read({ func: 'whoami' });
  const level = session.level ?? 0;
  const binary = (attribute(session.doc, 'binary') ?? '').replace(/^.*\//, '');
  const version = childText(who, 'version') ?? '';
  const missing: string[] = [];
  if (binary !== '' && binary !== 'ispmgr')
    missing.push(`The URL is that of ${safeText(binary, [], 40)}, not of an ispmanager`);
  if (level < 29) missing.push('The login is no administrator: it may not create users');
  else if (preset !== undefined && !(await presetNames(client)).includes(preset)) {
    missing.push(`The server has no preset named "${preset}"`);
  }
  return {
    product: 'ispmanager',
    version: version === '' ? null : safeText(version, [], 40),
    rights: level >= 29 ? `administrator (level ${level})` : `user (level ${level})`,
    missing,
  };
}
