import { startVmManager6Simulator } from '../../../../activities/servers/vmmanager6/simulator/start.ts';
import { createVmWorld, giveIp } from '../../../../activities/servers/vmmanager6/simulator/world.ts';
import { endTasks } from '../hanging-work.ts';
import { canary } from '../panels.ts';
import { connectionTo, moduleNamed, type ServerRow } from '../server-row.ts';

const login = 'root@example.com';
const settings = { cluster: '1', os: '1', preset: '1' };

export const vmmanager6: ServerRow = {
  name: 'vmmanager6',
  kind: 'vps',
  settings,
  unknown: { os: '9999' },
  powerless: { login: 'plain@example.com' },
  inTasks: true,
  leastChanges: 4,
  async start(panels) {
    const world = createVmWorld({
      logins: [
        { email: login, password: canary },
        { email: 'plain@example.com', password: canary, role: '@user' },
      ],
      machines: [{ name: 'oldvm', comment: 'Old Site Ltd', ips: ['198.51.100.2'] }],
      knobs: { taskMs: 40 },
    });
    const server = panels.keep(await startVmManager6Simulator({ world }));
    const old = [...world.hosts.keys()][0] ?? 0;
    return {
      module: (connection) =>
        panels.keep(moduleNamed('vmmanager6', connectionTo(server.url, { login, settings, ...connection }))),
      onRequest: (hook) => {
        server.faults.hook = hook;
      },
      log: server.log,
      count: () => world.hosts.size,
      lateWorkDone: () => server.lateWorkDone(),
      occupy: (ip) => giveIp(world, ip, old),
      restart: () => server.loseSessions(),
      fillDisk: () => {
        world.knobs.diskFull = true;
      },
      tasks: {
        failNext: (words) => {
          world.knobs.failNext = words;
        },
        hang: () => {
          world.knobs.hang = true;
        },
        goOn: () => endTasks(world),
      },
    };
  },
};
