import { createPveWorld, type PveWorld } from './world.ts';

/** What the demo's server is told of this cluster: containers of its one template. */
export const demoPveSettings = {
  template: 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst',
  storage: 'local-lvm',
  disk: '8',
  memory: '1024',
  cores: '1',
  prefix4: '24',
  prefix6: '64',
} as const;

/** The small hoster's cluster: two nodes, a template of each kind, one customer's container from before iptally. */
export function demoPveWorld(passwords: { readonly root: string; readonly token: string }): PveWorld {
  return createPveWorld({
    logins: [
      { name: 'root@pam', password: passwords.root },
      { name: 'root@pam!iptally', password: passwords.token },
    ],
    nodes: [{ name: 'pve1' }, { name: 'pve2', mem: 2 * 1024 ** 3 }],
    storages: [
      { name: 'local', content: ['vztmpl', 'iso', 'rootdir', 'images'], templates: [demoPveSettings.template] },
      { name: 'local-lvm', content: ['rootdir', 'images'], templates: [] },
    ],
    guests: [
      {
        vmid: 100,
        type: 'lxc',
        config: { hostname: 'old-site', memory: '512', net0: 'name=eth0,bridge=vmbr0,ip=198.51.100.250/24,type=veth' },
      },
      {
        vmid: 9000,
        type: 'qemu',
        status: 'stopped',
        template: true,
        config: {
          name: 'debian-12-cloud',
          memory: '2048',
          cores: '1',
          boot: 'order=scsi0',
          scsi0: 'local-lvm:base-9000-disk-0,size=4G',
          ide2: 'local-lvm:vm-9000-cloudinit,media=cdrom',
          net0: 'virtio=BC:24:11:00:00:01,bridge=vmbr0',
        },
      },
    ],
  });
}
