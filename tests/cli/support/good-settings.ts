/** Settings that each module accepts; those of the simulators' usual worlds. */
export const goodSettings: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  external: {},
  'ispmanager-business': { preset: 'start', webdomain: 'off' },
  'ispmanager-lite': {},
  vdsmanager4: { preset: 'OVZ-1', template: 'centos-5-x86_64' },
  vmmanager5: { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' },
  vmmanager6: { cluster: '1', os: '1', preset: '1' },
  'proxmox-ve': { template: 'local:vztmpl/debian-12-standard_12.7-1_amd64.tar.zst', memory: '1024' },
};
