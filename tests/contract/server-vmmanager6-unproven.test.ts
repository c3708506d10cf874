import { afterEach, expect, test } from '@jest/globals';
import { commentOf, vmNameOf } from '../../activities/servers/vmmanager6/vm-name.ts';
import { addHost } from '../../activities/servers/vmmanager6/simulator/world.ts';
import { Panels } from './support/panels.ts';
import { done, openVmManager6, service } from './support/vmmanager6-desk.ts';

const panels = new Panels();
afterEach(() => panels.close());

test('a machine of our name with another comment is left alone, and not called gone: a person says whose it is (I4)', async () => {
  const { world, module, setUp, takeOff, remove, machines } = await openVmManager6(panels);
  const stranger = addHost(world, {
    name: vmNameOf(service),
    comment: 'Jane',
    domain: 'jane.example',
    state: 'active',
  });
  expect(await setUp()).toMatchObject({ kind: 'refused', failure: { code: 'vm-name-taken' } });
  expect(await module.addressesOf(service)).toBeUndefined();
  const refused = {
    kind: 'refused',
    failure: { code: 'vm-name-taken', next: expect.stringContaining(commentOf(service)) },
  };
  expect(await takeOff('198.51.100.10')).toMatchObject(refused);
  expect(await remove()).toMatchObject(refused);
  expect(machines()).toEqual([stranger]);
  world.hosts.set(stranger.id, { ...stranger, comment: commentOf(service) });
  expect(await remove()).toEqual(done);
  expect(machines()).toEqual([]);
});

test('a history of another shape is no word that nothing is under way: nothing is changed (I12)', async () => {
  const { server, module, setUp, machines } = await openVmManager6(panels);
  await setUp(['198.51.100.10']);
  const changes = () => server.log.filter(({ purpose }) => purpose !== 'list' && purpose !== 'read').length;
  const before = changes();
  server.faults.hook = ({ func }) => (func.endsWith('/history') ? { kind: 'foreign-json-after' } : undefined);
  const failure = { code: 'list-not-complete' };
  expect(await module.setUp({ service, addresses: [] })).toMatchObject({ kind: 'not-sent', failure });
  expect(await module.remove(service)).toMatchObject({ kind: 'not-sent', failure });
  expect(changes()).toBe(before);
  expect(machines()).toHaveLength(1);
});
