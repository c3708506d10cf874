import { startVdsManager4Simulator } from '../../../../activities/servers/vdsmanager4/simulator/start.ts';
import { addVds, createVdsWorld } from '../../../../activities/servers/vdsmanager4/simulator/world.ts';
import { goOn } from '../hanging-work.ts';
import { canary } from '../panels.ts';
import { connectionTo, moduleNamed, type ServerRow } from '../server-row.ts';

const settings = { preset: 'OVZ-1', template: 'centos-5-x86_64' };

export const vdsmanager4: ServerRow = {
  name: 'vdsmanager4',
  kind: 'vps',
  settings,
  unknown: { preset: 'no-such-preset' },
  powerless: { login: 'plain' },
  inTasks: true,
  leastChanges: 6, // the VDS, a second address, the PTR of the first; the main address moved, the old one off; the VDS
  async start(panels) {
    const world = createVdsWorld({
      logins: [
        { name: 'root', password: canary },
        { name: 'plain', password: canary, level: 16 },
      ],
      vdss: [{ name: 'oldvds.example', addresses: ['198.51.100.4'] }],
      knobs: { taskMs: 30 },
    });
    const server = panels.keep(await startVdsManager4Simulator({ world }));
    return {
      module: (connection) =>
        panels.keep(moduleNamed('vdsmanager4', connectionTo(server.url, { settings, ...connection }))),
      onRequest: (hook) => {
        server.faults.hook = hook;
      },
      log: server.log,
      count: () => world.vdss.size,
      lateWorkDone: () => server.lateWorkDone(),
      occupy: (ip) => void addVds(world, { name: `other${world.lastId}.example`, addresses: [ip] }),
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
        goOn: () =>
          goOn(
            world.knobs,
            [...world.vdss].map(({ work }) => work),
          ),
      },
    };
  },
};
