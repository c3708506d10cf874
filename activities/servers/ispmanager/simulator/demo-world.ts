import { createIspWorld, type IspWorld } from './world.ts';

/** The small hoster's shared hosting server: one shared address, one customer from before iptally. */
export function demoIspWorld(passwords: { readonly root: string }): IspWorld {
  return createIspWorld({
    logins: [{ name: 'root', password: passwords.root, level: 30 }],
    presets: ['start', 'business'],
    addresses: [{ ip: '198.51.100.2', role: 'shared' }],
    users: [{ name: 'oldsite', fullname: 'Old Site Ltd', preset: 'start', domain: 'oldsite.example' }],
  });
}
