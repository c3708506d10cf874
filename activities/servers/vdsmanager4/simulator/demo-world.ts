import { createVdsWorld, type VdsWorld } from './world.ts';

/** The small hoster's VDSmanager 4, from the days of OpenVZ: one preset, two templates, one VDS from before iptally. */
export function demoVdsWorld(passwords: { readonly root: string }): VdsWorld {
  return createVdsWorld({
    logins: [{ name: 'root', password: passwords.root, level: 30 }],
    vdss: [{ name: 'oldvds.example', addresses: ['198.51.100.4'] }],
    knobs: { taskMs: 1_000 },
  });
}
