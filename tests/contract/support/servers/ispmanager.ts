import { startIspManagerSimulator } from '../../../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../../../activities/servers/ispmanager/simulator/world.ts';
import { canary } from '../panels.ts';
import { connectionTo, moduleNamed, type ServerRow } from '../server-row.ts';

export const ispmanager: ServerRow = {
  name: 'ispmanager-business',
  kind: 'hosting',
  settings: {},
  unknown: { preset: 'no-such-preset' },
  powerless: { login: 'plain' },
  inTasks: false,
  leastChanges: 4,
  async start(panels) {
    const world = createIspWorld({
      logins: [
        { name: 'root', password: canary, level: 30 },
        { name: 'plain', password: canary, level: 16 },
      ],
      addresses: [{ ip: '198.51.100.2', role: 'shared' }],
      users: [{ name: 'oldsite', fullname: 'Old Site Ltd', preset: 'start', domain: 'oldsite.example' }],
    });
    const server = panels.keep(await startIspManagerSimulator({ world }));
    return {
      module: (connection) => panels.keep(moduleNamed('ispmanager-business', connectionTo(server.url, connection))),
      onRequest: (hook) => {
        server.faults.hook = hook;
      },
      log: server.log,
      count: () => world.users.size,
      lateWorkDone: () => server.lateWorkDone(),
      occupy: (ip) => void world.addresses.set(ip, { ip, role: 'assigned', owner: 'oldsite', onInterface: false }),
      restart: () => server.loseSessions(),
      tasks: null,
      fillDisk: () => {
        world.knobs.diskFull = true;
      },
    };
  },
};
