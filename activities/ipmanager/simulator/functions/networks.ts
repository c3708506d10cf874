import type { PanelCall, PanelFunction } from '../../../coremanager/simulator/panel.ts';
import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { contains, parsePool } from '../ip-number.ts';
import { isAdministrator } from '../permissions.ts';
import { touch, type World } from '../world.ts';
import type { WorldContext } from './panel-functions.ts';

/** Networks, groups and statistics: for administrators; their names are inferred (2.5, 2.6). */
export function networkFunctions({ world }: WorldContext): Readonly<Record<string, PanelFunction>> {
  return {
    iptype: administratorOnly((call) => list(world, call, { rows: world.groups, column: 'name' })),
    ipnetwork: administratorOnly((call) => list(world, call, { rows: world.networks, column: 'name' })),
    'ipnetwork.edit': administratorOnly((call) => {
      const network = call.parameters.get('name') ?? '';
      if (parsePool(network) === undefined) throw new SimError('value', 'name', network);
      if (world.networks.includes(network)) throw new SimError('exists', 'name', network);
      world.networks.push(network);
      touch(world);
      return [element('ok'), element('id', network)];
    }),
    permstat: administratorOnly((call) =>
      listPage({
        rows: [...world.users.values()].flatMap((user) => user.permissions.map((permission) => ({ user, permission }))),
        columns: ({ user, permission }) => [
          element('pool', permission.pool),
          element('user', user.name),
          element('used', String(usedIn(world, permission.pool))),
        ],
        parameters: call.parameters,
        rowsPerPage: world.knobs.rowsPerPage,
        fault: call.fault,
      }),
    ),
  };
}

export function administratorOnly(run: (call: PanelCall) => readonly SimNode[]): PanelFunction {
  return (call) => {
    if (!isAdministrator(call.user)) throw new SimError('access', call.func);
    return run(call);
  };
}

function list(
  world: World,
  call: PanelCall,
  what: { readonly rows: readonly string[]; readonly column: string },
): readonly SimNode[] {
  return listPage({
    rows: what.rows,
    columns: (row) => [element(what.column, row)],
    parameters: call.parameters,
    rowsPerPage: world.knobs.rowsPerPage,
    fault: call.fault,
  });
}

function usedIn(world: World, pool: string): number {
  const range = parsePool(pool);
  return range === undefined ? 0 : [...world.addresses.keys()].filter((ip) => contains(range, ip)).length;
}
