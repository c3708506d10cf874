import { createVmWorld, type VmWorld } from './world.ts';

/** The small hoster's VMmanager 5: two presets, two templates, one machine from before iptally. */
export function demoVmWorld(passwords: { readonly root: string }): VmWorld {
  return createVmWorld({
    logins: [{ name: 'root', password: passwords.root, level: 30 }],
    presets: [
      { id: '1', name: 'KVM-1', mem: '1024', vcpu: '1', vsize: '10240' },
      { id: '2', name: 'KVM-2', mem: '2048', vcpu: '2', vsize: '20480' },
    ],
    nodes: ['node1', 'node2'],
    vms: [{ name: 'oldvm', domain: 'oldvm.example', addresses: ['198.51.100.3'] }],
    knobs: { taskMs: 1_500 },
  });
}
