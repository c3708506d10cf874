import { createTransport } from '../../http/transport.ts';
import { createRestClient } from '../../rest/client.ts';
import { asOutcome, asServerRead, done, mutationOutcome, refused } from '../outcome.ts';
import type {
  ModuleCapabilities,
  ServerConnection,
  ServerModule,
  ServerOutcome,
  ServiceOnServer,
} from '../server-module.ts';
import { accessOf, type Access } from './access.ts';
import { addressesOfMachine } from './addresses.ts';
import { createTokenAuthority } from './authority.ts';
import { addAddress, removeAddress } from './change-address.ts';
import { nameTaken } from './failures.ts';
import { findMachines, stageOf } from './machines.ts';
import { refusalOf } from './refusals.ts';
import { report } from './report.ts';
import { poolOf } from './settings.ts';
import { setUp } from './set-up.ts';
import { progressOf, started, taskIn } from './tasks.ts';

/** VMmanager 6 over its REST API: reference 5.3. Work goes on in tasks. */
export function createVmManager6(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const { requestTimeoutMs, settings } = connection;
  const transport = createTransport({
    url: withSlash(connection.url ?? ''),
    trust: connection.trust,
    timeoutMs: requestTimeoutMs,
  });
  const login = connection.login ?? '';
  const password = connection.secret ?? '';
  const authority = createTokenAuthority({ transport, email: login, password, now: Date.now });
  const client = createRestClient({ transport, panel: { authority, refusalOf }, requestTimeoutMs });
  const call = (): Access => accessOf(client.begin(), () => authority.secrets());
  return {
    capabilities,
    setUp: (request) => asOutcome((sent) => setUp({ access: call(), request, settings, sent })),
    addAddress: (request) => asOutcome((sent) => addAddress({ access: call(), request, pool: poolOf(settings), sent })),
    removeAddress: (request) => asOutcome((sent) => removeAddress({ access: call(), request, sent })),
    addressesOf: (service) => asServerRead(() => addressesOf(call(), service)),
    remove: (service) => asOutcome(() => remove(call(), service)),
    progressOf: async (task) => asked(await asOutcome(() => progressOf(call(), task))),
    test: () => asServerRead(() => report(call(), login, settings)),
    close: () => client.close(),
  };
}

/** A look at a task that the panel refused is no word about the task: something of it may stand there. */
function asked(outcome: ServerOutcome): ServerOutcome {
  return outcome.kind === 'refused' ? { kind: 'task-failed', failure: outcome.failure } : outcome;
}

/** The panel's base, with or without a slash, also `https://HOST/api` (seen): paths are appended to it. */
function withSlash(url: string): string {
  return url === '' || url.endsWith('/') ? url : `${url}/`;
}

async function addressesOf(access: Access, service: ServiceOnServer): Promise<readonly string[] | undefined> {
  const { ours } = await findMachines(access, service);
  if (ours.length === 0) return undefined;
  const lists = await Promise.all(ours.map((machine) => addressesOfMachine(access, machine)));
  return [...new Set(lists.flat().map(({ ip }) => ip))];
}

/** `DELETE /vm/v3/host/ID` → a task (seen). One machine a call: the next call finds what is left. */
async function remove(access: Access, service: ServiceOnServer): Promise<ServerOutcome> {
  const found = await findMachines(access, service);
  const [machine] = found.ours;
  // Of our name without our comment: never removed, and never called gone (I4).
  if (machine === undefined) return found.nameTaken ? refused(nameTaken(service)) : done;
  if ((await stageOf(access, machine)) === 'busy') return started(machine.id);
  const answer = await access.change({ method: 'DELETE', path: `vm/v3/host/${machine.id}` });
  if (answer.kind === 'ok') {
    const task = taskIn(answer.value);
    return started(machine.id, task === undefined ? [] : [task]);
  }
  // Gone already: the next call looks, and says so.
  const gone = answer.kind === 'refused' && answer.failure.code === 'not-found';
  return gone ? started(machine.id) : mutationOutcome(answer);
}
