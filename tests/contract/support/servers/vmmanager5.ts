import { startVmManager5Simulator } from '../../../../activities/servers/vmmanager5/simulator/start.ts';
import { addVm, createVmWorld } from '../../../../activities/servers/vmmanager5/simulator/world.ts';
import { goOn } from '../hanging-work.ts';
import { canary } from '../panels.ts';
import { connectionTo, moduleNamed, type ServerRow } from '../server-row.ts';

const settings = { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' };

export const vmmanager5: ServerRow = {
  name: 'vmmanager5',
  kind: 'vps',
  settings,
  unknown: { preset: 'no-such-preset' },
  powerless: { login: 'plain' },
  inTasks: true,
  leastChanges: 6, // user, machine, second address; address off; machine, user
  async start(panels) {
    const world = createVmWorld({
      logins: [
        { name: 'root', password: canary },
        { name: 'plain', password: canary, level: 16 },
      ],
      vms: [{ name: 'oldvm', domain: 'oldvm.example', addresses: ['198.51.100.3'] }],
      knobs: { taskMs: 30 },
    });
    const server = panels.keep(await startVmManager5Simulator({ world }));
    return {
      module: (connection) =>
        panels.keep(moduleNamed('vmmanager5', connectionTo(server.url, { settings, ...connection }))),
      onRequest: (hook) => {
        server.faults.hook = hook;
      },
      log: server.log,
      count: () => world.vms.size,
      lateWorkDone: () => server.lateWorkDone(),
      occupy: (ip) => void addVm(world, { name: `other${world.lastId}`, domain: 'other.example', addresses: [ip] }),
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
            [...world.vms.values()].flatMap(({ work, deleting }) => (deleting === null ? [work] : [work, deleting])),
          ),
      },
    };
  },
};
