import type { PanelFunction } from '../../../coremanager/simulator/panel.ts';
import { element } from '../../../coremanager/simulator/node.ts';
import { listPage } from '../../../coremanager/simulator/paging.ts';
import { hashPassword } from '../../../coremanager/simulator/sessions.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { touch } from '../world.ts';
import { administratorOnly } from './networks.ts';
import type { WorldContext } from './panel-functions.ts';

/** `user.edit` is seen in use (2.5), its sisters are inferred. */
export function userFunctions({ world }: WorldContext): Readonly<Record<string, PanelFunction>> {
  return {
    user: administratorOnly((call) =>
      listPage({
        rows: [...world.users.values()],
        columns: (user) => [element('name', user.name), element('level', String(user.level))],
        parameters: call.parameters,
        rowsPerPage: world.knobs.rowsPerPage,
        fault: call.fault,
      }),
    ),
    'user.edit': administratorOnly((call) => {
      const name = call.parameters.get('name') ?? '';
      const password = call.parameters.get('passwd') ?? '';
      if (!/^[A-Za-z0-9._-]{1,32}$/.test(name)) throw new SimError('value', 'name', name);
      if (world.users.has(name)) throw new SimError('exists', 'name', name);
      if (password === '' || password !== call.parameters.get('confirm')) throw new SimError('value', 'passwd');
      world.users.set(name, { name, passwordHash: hashPassword(password), level: 16, permissions: [] });
      touch(world);
      return [element('ok'), element('id', name)];
    }),
    'user.delete': administratorOnly((call) => {
      const name = call.parameters.get('elid') ?? '';
      if (!world.users.delete(name)) throw new SimError('missed', 'user', name);
      touch(world);
      return [element('ok')];
    }),
  };
}
