import { afterEach, describe, expect, test } from '@jest/globals';
import { guestNameOf } from '../../activities/servers/proxmox-ve/guest-name.ts';
import { inForceOf } from '../../activities/servers/proxmox-ve/simulator/world.ts';
import { proofLine } from '../../activities/servers/service-label.ts';
import { Panels } from './support/panels.ts';
import {
  addresses,
  done,
  guestOf,
  made,
  openPve,
  service,
  stranger,
  vmids,
  withoutLine,
} from './support/servers/proxmox-ve-desk.ts';
import { settled } from './support/settled.ts';

const panels = new Panels();
afterEach(() => panels.close());

const kept = { kind: 'refused', failure: { code: 'address-in-force', value: '198.51.100.11' } };

describe('an address that a running guest works with (I4)', () => {
  test('is not taken off a virtual machine: nothing is written until it is stopped', async () => {
    const { world, server, module, setUp, address } = await openPve(panels, 'qemu');
    await setUp(['198.51.100.10', '198.51.100.11']);
    const guest = guestOf(world);
    const [config, writes] = [guest.config, server.log.filter(({ purpose }) => purpose === 'write').length];
    const refused = await module.removeAddress(address('198.51.100.11'));
    expect(refused).toMatchObject(kept);
    expect(JSON.stringify(refused)).toContain(`qm shutdown ${guest.vmid}`);
    expect(server.log.filter(({ purpose }) => purpose === 'write')).toHaveLength(writes);
    expect(guest.config).toEqual(config);
    expect(inForceOf(guest)['ipconfig1']).toContain('198.51.100.11');
    guest.status = 'stopped';
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('is not trimmed off a running virtual machine by a set-up either', async () => {
    const { module, setUp } = await openPve(panels, 'qemu');
    await setUp(['198.51.100.10', '198.51.100.11']);
    expect(await setUp(['198.51.100.10'])).toMatchObject({ ...kept, kind: 'task-failed' });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10', '198.51.100.11']);
  });

  test('counts as there when somebody else wrote it off and the machine was not started since', async () => {
    const { world, module, setUp, address } = await openPve(panels, 'qemu');
    await setUp(['198.51.100.10', '198.51.100.11']);
    const guest = guestOf(world);
    const { ipconfig1: _off, net1: _link, ...config } = guest.config;
    guest.config = config;
    expect(await module.removeAddress(address('198.51.100.11'))).toMatchObject(kept);
    guest.status = 'stopped';
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
  });

  test('may be taken back before the machine was started with it', async () => {
    const { module, setUp, address } = await openPve(panels, 'qemu');
    await setUp(['198.51.100.10']);
    expect(await module.addAddress(address('198.51.100.11'))).toEqual(done);
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('stays on a container whose interface could not be changed while it runs, although that is written', async () => {
    const { world, module, setUp, address } = await openPve(panels, 'lxc');
    await setUp(['198.51.100.10', '198.51.100.11']);
    world.knobs.hotplugFails = true;
    expect(await module.removeAddress(address('198.51.100.11'))).toMatchObject({ kind: 'unknown' });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
    expect(await module.removeAddress(address('198.51.100.11'))).toMatchObject(kept);
    guestOf(world).status = 'stopped';
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
  });

  test('a version that knows no current view is taken at its configuration', async () => {
    const { module, setUp, address } = await openPve(panels, 'lxc', { version: '5.4' });
    await setUp(['198.51.100.10', '198.51.100.11']);
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
  });
});

describe('a guest of our name without our line', () => {
  test.each(['lxc', 'qemu', 'openvz'] as const)(
    'of kind %s is neither stripped nor removed nor called gone, until a person says whose it is (I4)',
    async (kind) => {
      const { world, module, setUp, address } = await openPve(panels, kind);
      await setUp();
      const guest = guestOf(world);
      withoutLine(guest);
      const config = guest.config;
      const failure = { code: 'guest-not-proven', value: String(guest.vmid) };
      const refused = await module.remove(service);
      expect(refused).toMatchObject({ kind: 'refused', failure });
      expect(JSON.stringify(refused)).toContain(proofLine(service));
      expect(await module.removeAddress(address(addresses[0]))).toMatchObject({ kind: 'refused', failure });
      expect(await module.setUp({ service, addresses })).toMatchObject({ kind: 'task-failed', failure });
      expect(made(world)).toMatchObject([{ config, status: 'running' }]);
      guest.config = { ...config, description: `VIP\n${proofLine(service)}` };
      expect(await settled(module, () => module.remove(service))).toEqual(done);
      expect(made(world)).toEqual([]);
    },
  );

  test('under another VMID is found by its name', async () => {
    const { world, module } = await openPve(panels, 'lxc', { namesAfterMs: 0 });
    world.guests.set(321, stranger(321, { config: { hostname: guestNameOf(service) } }));
    expect(await module.remove(service)).toMatchObject({ failure: { code: 'guest-not-proven', value: '321' } });
  });

  test('a stranger under our VMID, of another name, is none: there is nothing to remove', async () => {
    const { world, module } = await openPve(panels);
    const vmid = vmids[0] ?? 0;
    world.guests.set(vmid, stranger(vmid));
    expect(await module.remove(service)).toEqual(done);
    expect(world.guests.has(vmid)).toBe(true);
  });
});

test('a version before 8 grows a disk without a task', async () => {
  const { world, server, setUp } = await openPve(panels, 'qemu', { version: '7.4' });
  expect(await setUp()).toEqual(done);
  expect(guestOf(world).config['scsi0']).toContain('size=10G');
  expect(server.log.filter(({ func, worked }) => func.endsWith('/resize') && worked)).toHaveLength(1);
  expect(world.tasks.filter(({ type }) => type === 'resize')).toEqual([]);
});
