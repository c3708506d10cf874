import { createVmWorld, type VmWorld } from './world.ts';

/** The small hoster's VMmanager 6: one cluster, one preset, one machine from before iptally. */
export function demoVmManager6World(passwords: { readonly admin: string }): VmWorld {
  return createVmWorld({
    logins: [{ email: 'admin@demo.example', password: passwords.admin }],
    networks: ['203.0.113.0/24', '198.51.100.0/24', '2001:db8:100::/64', '2001:db8::/32'],
    presets: [1, 2],
    machines: [{ name: 'oldvm', comment: 'Old Site Ltd', ips: ['198.51.100.5'] }],
    knobs: { taskMs: 800 },
  });
}
