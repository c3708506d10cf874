import { createWorld, type World } from './world.ts';

export interface DemoPasswords {
  readonly billing: string;
  readonly admin: string;
  readonly dummy: string;
}

/**
 * A small hoster's IPmanager: documentation ranges only. `billing` takes addresses for customers, `admin` runs the panel,
 * `dummy` has no right to any address. Some addresses were given out by hand over the years, with the notes people write.
 */
export function demoWorld(passwords: DemoPasswords): World {
  return createWorld({
    networks: ['203.0.113.0/24', '198.51.100.0/25', '2001:db8:100::/64'],
    groups: ['public', 'alias'],
    users: [
      {
        name: 'billing',
        password: passwords.billing,
        permissions: [
          { pool: '203.0.113.0/24', groups: ['public'] },
          { pool: '198.51.100.0/25', groups: ['alias'] },
          { pool: '2001:db8:100::/64', groups: ['public'] },
        ],
      },
      { name: 'admin', password: passwords.admin, level: 29 },
      { name: 'dummy', password: passwords.dummy },
    ],
    addresses: [
      {
        ip: '203.0.113.2',
        owner: 'admin',
        group: 'public',
        domain: 'gw2.hoster.example',
        note: 'second router, do not touch',
      },
      { ip: '203.0.113.3', owner: 'admin', group: 'public', domain: 'ns1.hoster.example', note: 'name server' },
      {
        ip: '203.0.113.4',
        owner: 'admin',
        group: 'public',
        domain: 'ns2.hoster.example',
        note: 'name server (old rack)',
      },
      {
        ip: '203.0.113.9',
        owner: 'billing',
        group: 'public',
        domain: 'mail.baker.example',
        note: 'given by phone, Jane 12.03.',
      },
      { ip: '203.0.113.40', owner: 'admin', group: 'public', domain: 'monitor.hoster.example', note: '' },
      {
        ip: '198.51.100.2',
        owner: 'admin',
        group: 'alias',
        domain: 'shared1.hoster.example',
        note: 'shared web, all small sites',
      },
      { ip: '2001:db8:100::53', owner: 'admin', group: 'public', domain: 'ns1.hoster.example', note: 'name server v6' },
    ],
  });
}
