import { familyOf } from '../../../../workflows/domain/address.ts';
import type { Purpose } from '../../../http/simulator/faults.ts';
import { addIp, createHost, removeHost, removeIp } from './machines.ts';
import { listAnswer, type ListCall } from './query.ts';
import { accountRow, historyRow, hostRow, ipRow, plainRow, taskRow } from './rows.ts';
import { denied, notFound, SimError } from './sim-error.ts';
import type { Account, VmHost, VmWorld } from './world.ts';

export interface RouteCall extends ListCall {
  readonly account: Account;
  /** The number in the path; 0 where it has none. */
  readonly id: number;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Route {
  /** As in the record of calls: `POST /vm/v3/host/ID/ip`. */
  readonly name: string;
  readonly purpose: Purpose;
  run(world: VmWorld, call: RouteCall): unknown;
}

/** The part of VMmanager's API that clients were seen to use (reference 5.3), as far as it matters here. */
export const routes: readonly Route[] = [
  { name: 'GET /vm/v3/version', purpose: 'read', run: () => ({ version: '2026.9.1-1' }) },
  listing('host', (world, call) => visible(world, call).map((host) => hostRow(world, host))),
  listing('ip', (world, call) => {
    const ids = new Set(visible(world, call).map(({ id }) => id));
    const all = call.account.role === '@admin';
    const records = [...world.ips.values()].filter(({ host }) => all || (host !== null && ids.has(host)));
    return records.map((record) => ipRow(world, record));
  }),
  listing('task', (world) => [...world.tasks.values()].map(taskRow)),
  listing('account', (world, { account }) =>
    world.accounts.filter(({ id }) => account.role === '@admin' || id === account.id).map(accountRow),
  ),
  listing('cluster', (world) => world.clusters.map(plainRow('cluster'))),
  listing('node', (world) => world.nodes.map(plainRow('node'))),
  listing('os', (world) => world.systems.map(plainRow('os'))),
  listing('preset', (world) => world.presets.map(plainRow('preset'))),
  listing('ippool', (world) => world.pools.map(plainRow('pool'))),
  {
    name: 'GET /vm/v3/host/ID/ipv4',
    purpose: 'list',
    run(world, call) {
      const { id } = hostOf(world, call);
      const records = [...world.ips.values()].filter(
        ({ ip, host, pending }) => host === id && !pending && (world.knobs.ipv6InList || familyOf(ip) === 'ipv4'),
      );
      return listAnswer(
        records.map((record) => ipRow(world, record)),
        call,
        world.knobs,
      );
    },
  },
  {
    name: 'GET /vm/v3/host/ID/history',
    purpose: 'read',
    run(world, call) {
      const { id } = hostOf(world, call);
      const tasks = [...world.tasks.values()].filter(({ host }) => host === id).toReversed();
      return { max_id: tasks[0]?.id ?? 0, list: tasks.map(historyRow) };
    },
  },
  {
    name: 'POST /vm/v3/host',
    purpose: 'create',
    run: admin((world, call) => createHost(world, call.account, call.body)),
  },
  {
    name: 'POST /vm/v3/host/ID/ip',
    purpose: 'write',
    run: admin((world, call) => addIp(world, hostOf(world, call), call.body)),
  },
  { name: 'DELETE /vm/v3/ip/ID', purpose: 'release', run: admin((world, { id }) => removeIp(world, id)) },
  {
    name: 'DELETE /vm/v3/host/ID',
    purpose: 'release',
    run: admin((world, call) => removeHost(world, hostOf(world, call))),
  },
];

type Run = Route['run'];

function listing(
  path: string,
  rows: (world: VmWorld, call: RouteCall) => readonly Readonly<Record<string, unknown>>[],
): Route {
  return {
    name: `GET /vm/v3/${path}`,
    purpose: 'list',
    run: (world, call) => listAnswer(rows(world, call), call, world.knobs),
  };
}

function admin(run: Run): Run {
  return (world, call) => {
    if (call.account.role !== '@admin') throw denied();
    if (world.knobs.failInside !== null) throw new SimError([500, 5000], world.knobs.failInside);
    return run(world, call);
  };
}

function visible(world: VmWorld, { account }: RouteCall): readonly VmHost[] {
  return [...world.hosts.values()].filter((host) => account.role === '@admin' || host.account === account.id);
}

function hostOf(world: VmWorld, call: RouteCall): VmHost {
  const host = visible(world, call).find(({ id }) => id === call.id);
  if (host === undefined) throw notFound(`VM with id ${call.id}`);
  return host;
}
