import { startProxmoxVeSimulator } from '../../../../activities/servers/proxmox-ve/simulator/start.ts';
import {
  createPveWorld,
  type PveWorld,
  type PveWorldOptions,
} from '../../../../activities/servers/proxmox-ve/simulator/world.ts';
import type { ServerConnection } from '../../../../activities/servers/server-module.ts';
import { canary, type Panels } from '../panels.ts';
import { connectionTo, moduleNamed, type ServerRow, type ServerUnderTest } from '../server-row.ts';

export const template = 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst';
export const tokenUuid = '8a8c1cd4-4a1f-4d9a-9d0b-3b8f8a2f0c11';

const links = { prefix4: '24', gateway4: '198.51.100.1', prefix6: '64', gateway6: '2001:db8:100::1' };

/** Settings by what they make. */
export const pveSettings = {
  lxc: { template, storage: 'local-lvm', disk: '8', memory: '512', cores: '1', ...links },
  qemu: { type: 'qemu', template: '9000', disk: '10', memory: '1024', cores: '2', ...links },
  openvz: { template, storage: 'local', disk: '8', memory: '512' },
} as const;

/** A cluster of two nodes with a container from before iptally and a template to clone. */
export function pveWorld(knobs: PveWorldOptions['knobs'] = {}): PveWorld {
  const old = Number.parseInt(knobs.version ?? '8', 10) < 4;
  return createPveWorld({
    logins: [
      { name: 'root@pam', password: canary },
      { name: 'root@pam!iptally', password: tokenUuid },
      { name: 'plain@pve', password: canary, rights: [] },
      { name: 'plain@pve!weak', password: tokenUuid, rights: [] },
    ],
    nodes: [{ name: 'pve1', mem: 40 * 1024 ** 3 }, { name: 'pve2' }],
    storages: [
      { name: 'local', content: ['vztmpl', 'iso', 'rootdir', 'images'], templates: [template] },
      { name: 'local-lvm', content: ['rootdir', 'images'], templates: [] },
    ],
    guests: [
      old
        ? { vmid: 100, type: 'openvz', config: { hostname: 'oldsite.hoster.example', ip_address: '198.51.100.250' } }
        : {
            vmid: 100,
            type: 'lxc',
            config: { hostname: 'oldsite', net0: 'name=eth0,bridge=vmbr0,ip=198.51.100.250/24' },
          },
      { vmid: 9000, type: 'qemu', status: 'stopped', template: true, config: templateConfig },
    ],
    knobs: { taskMs: 15, ...knobs },
  });
}

const templateConfig = {
  name: 'debian-12-cloud',
  memory: '2048',
  cores: '1',
  boot: 'order=scsi0',
  scsi0: 'local-lvm:base-9000-disk-0,size=4G',
  ide2: 'local-lvm:vm-9000-cloudinit,media=cdrom',
  net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
};

async function start(panels: Panels, world: PveWorld, usual: Partial<ServerConnection>): Promise<ServerUnderTest> {
  const server = panels.keep(await startProxmoxVeSimulator({ world }));
  return {
    module: (connection) =>
      panels.keep(moduleNamed('proxmox-ve', connectionTo(server.url, { ...usual, ...connection }))),
    onRequest: (hook) => {
      server.faults.hook = hook;
    },
    log: server.log,
    count: () => world.guests.size,
    lateWorkDone: () => server.lateWorkDone(),
    occupy: (ip) => occupy(world, ip),
    restart: () => server.loseSessions(),
    stop: () => {
      for (const guest of world.guests.values()) if (guest.type === 'qemu') guest.status = 'stopped';
    },
    fillDisk: () => {
      world.knobs.diskFull = true;
    },
    tasks: {
      failNext: (words) => void world.knobs.failNext.push(words),
      hang: () => {
        world.knobs.hang = true;
      },
      goOn: () => world.goOn(),
    },
  };
}

function occupy(world: PveWorld, ip: string): void {
  const guest = world.guests.get(100);
  if (guest?.type === 'openvz') guest.config = { ...guest.config, ip_address: `198.51.100.250 ${ip}` };
  else if (guest !== undefined) guest.config = { ...guest.config, net1: `name=eth1,bridge=vmbr0,ip=${ip}/24` };
}

function row(
  kind: keyof typeof pveSettings,
  usual: Partial<ServerConnection>,
  more: Partial<ServerRow> = {},
): ServerRow {
  const settings = pveSettings[kind];
  return {
    name: `proxmox-ve (${kind})`,
    kind: 'vps',
    settings,
    unknown: { template: 'local:vztmpl/no-such-template.tar.zst' },
    powerless: { login: 'plain@pve' },
    inTasks: true,
    leastChanges: 6,
    start: (panels) =>
      start(panels, pveWorld(kind === 'openvz' ? { version: '3.4' } : {}), {
        login: 'root@pam',
        settings,
        ...usual,
      }),
    ...more,
  };
}

export const proxmoxVe: readonly ServerRow[] = [
  row('lxc', { login: 'root@pam!iptally', secret: tokenUuid }, { powerless: { login: 'plain@pve!weak' } }),
  row('qemu', {}, { unknown: { template: '9999' }, leastChanges: 7 }),
  row('openvz', {}),
];
