import { createWorld, type SimAddress, type World } from '../../../activities/ipmanager/simulator/world.ts';
import { password } from '../../support/engine.ts';

/** Room for thousands of orders, and beside it addresses that belong to other people. */
export function bigWorld(): World {
  const note = 'router of rack 7, do not touch';
  return createWorld({
    networks: ['10.20.0.0/16', '192.0.2.0/24'],
    users: [
      {
        name: 'billing',
        password,
        permissions: [{ pool: '10.20.0.0/16', groups: ['public'] }],
      },
      { name: 'somebody', password, permissions: [{ pool: '192.0.2.0/24', groups: ['public'] }] },
    ],
    addresses: [
      { ip: '10.20.0.9', owner: 'billing', group: 'private', note, domain: 'gw.example.net' },
      { ip: '192.0.2.17', owner: 'somebody', group: 'public', note: '', domain: 'www.example.org' },
    ],
    groups: ['public', 'alias', 'private'],
  });
}

/** What nobody here may change. */
export function strangersOf(world: World): readonly SimAddress[] {
  return ['10.20.0.9', '192.0.2.17'].flatMap((ip) => {
    const row = world.addresses.get(ip);
    return row === undefined ? [] : [{ ...row }];
  });
}
