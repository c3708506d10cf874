import { afterEach, describe, expect, test } from '@jest/globals';
import { guestNameOf, vmidsOf } from '../../activities/servers/proxmox-ve/guest-name.ts';
import type { PveWorld } from '../../activities/servers/proxmox-ve/simulator/world.ts';
import { Panels } from './support/panels.ts';
import { pveSettings } from './support/servers/proxmox-ve.ts';
import {
  addLogin,
  addresses,
  done,
  guestOf,
  made,
  openPve,
  service,
  stranger,
  twice,
  vmids,
} from './support/servers/proxmox-ve-desk.ts';
import { settled } from './support/settled.ts';

const panels = new Panels();
afterEach(() => panels.close());

const firstVmid = vmids[0] ?? 0;

/** Interfaces without what the panel adds by itself. */
function nets(world: PveWorld): Readonly<Record<string, string>> {
  const entries = Object.entries(guestOf(world).config).filter(([name]) => /^(net|ipconfig)\d/.test(name));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      value.replace(/,(hwaddr|type)=[^,]*/g, '').replace(/virtio=[^,]*/, 'virtio'),
    ]),
  );
}

describe('what a guest is made of', () => {
  test('a container has an interface for each pair of addresses, the gateways on the first', async () => {
    const { world, setUp } = await openPve(panels, 'lxc');
    expect(await setUp([...addresses, '198.51.100.11', '198.51.100.12', '2001:db8:100::11'])).toEqual(done);
    expect(nets(world)).toEqual({
      net0: 'name=eth0,bridge=vmbr0,gw=198.51.100.1,gw6=2001:db8:100::1,ip=198.51.100.10/24,ip6=2001:db8:100::10/64',
      net1: 'name=eth1,bridge=vmbr0,ip=198.51.100.11/24,ip6=2001:db8:100::11/64',
      net2: 'name=eth2,bridge=vmbr0,ip=198.51.100.12/24',
    });
    const { password: _none, ...rest } = guestOf(world).config ?? {};
    expect(rest).toMatchObject({ hostname: guestNameOf(service), memory: '512', cores: '1', onboot: '1' });
    expect(rest['description']).toBe('iptally 0123456789ab svc-1001');
  });

  test('a virtual machine is a full clone with its size, addresses given by cloud-init before its first start', async () => {
    const { world, server, setUp } = await openPve(panels, 'qemu');
    expect(await setUp([...addresses, '198.51.100.11'])).toEqual(done);
    expect(nets(world)).toEqual({
      net0: 'virtio,bridge=vmbr0',
      ipconfig0: 'gw=198.51.100.1,gw6=2001:db8:100::1,ip=198.51.100.10/24,ip6=2001:db8:100::10/64',
      net1: 'virtio,bridge=vmbr0',
      ipconfig1: 'ip=198.51.100.11/24',
    });
    expect(guestOf(world).config).toMatchObject({
      memory: '1024',
      cores: '2',
      scsi0: expect.stringContaining('size=10G'),
    });
    const steps = server.log.filter(({ purpose }) => ['create', 'write'].includes(purpose)).map(({ func }) => func);
    expect(steps).toEqual([
      'POST /nodes/NODE/qemu/VMID/clone',
      'PUT /nodes/NODE/qemu/VMID/config',
      'PUT /nodes/NODE/qemu/VMID/resize',
      'POST /nodes/NODE/qemu/VMID/status/start',
      'PUT /nodes/NODE/qemu/VMID/config',
    ]);
    expect(server.log.find(({ func }) => func.endsWith('/clone'))?.parameters).toMatchObject({
      full: '1',
      vmid: '9000',
    });
  });

  test('an old server makes an OpenVZ container with the whole list of addresses', async () => {
    const { world, module, setUp, address } = await openPve(panels, 'openvz');
    expect(await setUp()).toEqual(done);
    expect(await settled(module, () => module.addAddress(address('198.51.100.11')))).toEqual(done);
    expect(await settled(module, () => module.removeAddress(address('198.51.100.10')))).toEqual(done);
    expect(made(world)).toMatchObject([{ type: 'openvz', config: { ip_address: '2001:db8:100::10 198.51.100.11' } }]);
    expect(await module.test()).toMatchObject({ version: '3.4', missing: [] });
  });

  test('a VLAN, a range of VMIDs, a pool and nesting are taken from the settings', async () => {
    const { world, server, make, setUp } = await openPve(panels);
    const settings = { ...pveSettings.lxc, vlan: '42', vmids: '500-700', pool: 'customers', nesting: 'on' };
    expect(await setUp(addresses, make({ settings }))).toEqual(done);
    expect(guestOf(world).vmid).toBeGreaterThanOrEqual(500);
    expect(guestOf(world).vmid).toBeLessThanOrEqual(700);
    expect(guestOf(world).config['features']).toBe('nesting=1');
    expect(nets(world)['net0']).toContain('tag=42');
    expect(server.log.find(({ purpose }) => purpose === 'create')?.parameters['pool']).toBe('customers');
  });
});

describe('addresses of a guest', () => {
  test.each(['lxc', 'qemu'] as const)('the gateway of a %s moves when the address that had it goes', async (kind) => {
    const { world, module, setUp, address } = await openPve(panels, kind);
    await setUp(['198.51.100.10', '198.51.100.11', '2001:db8:100::10']);
    guestOf(world).status = 'stopped';
    expect(await module.removeAddress(address('198.51.100.10'))).toEqual(done);
    const [first, second] = kind === 'lxc' ? ['net0', 'net1'] : ['ipconfig0', 'ipconfig1'];
    expect(nets(world)[first]).not.toContain('gw=');
    expect(nets(world)[first]).toContain('ip6=2001:db8:100::10/64');
    expect(nets(world)[second]).toContain('gw=198.51.100.1,');
    expect(await module.addAddress(address('198.51.100.12'))).toEqual(done);
    expect(nets(world)[first]).toContain('ip=198.51.100.12/24');
    expect(await module.removeAddress(address('198.51.100.11'))).toEqual(done);
    expect(Object.keys(nets(world)).filter((name) => name.endsWith('1'))).toEqual([]);
    expect(nets(world)[first]).toContain('gw=198.51.100.1,');
  });

  test('what people set on an interface stays, and an interface of theirs is not used', async () => {
    const { world, module, setUp, address } = await openPve(panels);
    await setUp(['198.51.100.10']);
    const guest = guestOf(world);
    const net0 = `${guest.config['net0'] ?? ''},rate=5,firewall=1`;
    guest.config = { ...guest.config, net0, net1: 'name=eth1,bridge=vmbr7,ip=dhcp' };
    expect(await module.addAddress(address('198.51.100.11'))).toEqual(done);
    expect(await module.addAddress(address('2001:db8:100::10'))).toEqual(done);
    expect(guest.config['net0']).toContain('rate=5');
    expect(guest.config['net0']).toContain('ip6=2001:db8:100::10/64');
    expect(guest.config['net1']).toBe('name=eth1,bridge=vmbr7,ip=dhcp');
    expect(nets(world)['net2']).toBe('name=eth2,bridge=vmbr0,ip=198.51.100.11/24');
  });

  test.each(['lxc', 'qemu', 'openvz'] as const)(
    "a %s that somebody changes meanwhile is looked at again: neither's change is lost (digest)",
    async (kind) => {
      const { world, server, module, setUp, address } = await openPve(panels, kind);
      await setUp(['198.51.100.10']);
      let once = false;
      server.faults.hook = ({ purpose }) => {
        const guest = guestOf(world);
        if (purpose === 'write' && !once) guest.config = { ...guest.config, nameserver: '9.9.9.9' };
        once ||= purpose === 'write';
        return undefined;
      };
      expect(await module.addAddress(address('198.51.100.11'))).toEqual(done);
      expect(server.log.filter(({ error }) => /modified|checksum/.test(error ?? ''))).toHaveLength(1);
      expect(guestOf(world).config['nameserver']).toBe('9.9.9.9');
      expect(await module.addressesOf(service)).toEqual(['198.51.100.10', '198.51.100.11']);
    },
  );

  test('more than 32 of a family are refused before anything is made', async () => {
    const { world, module } = await openPve(panels);
    const many = Array.from({ length: 33 }, (_one, at) => `198.51.100.${at + 10}`);
    expect(await module.setUp({ service, addresses: many })).toMatchObject({
      kind: 'refused',
      failure: { code: 'too-many-addresses' },
    });
    expect(made(world)).toEqual([]);
  });

  test('an address in use beside an existing guest is refused, with the guest left as it was', async () => {
    const { module, setUp, address } = await openPve(panels);
    await setUp(['198.51.100.10']);
    const failure = { code: 'address-used-on-server', value: '198.51.100.250' };
    expect(await module.addAddress(address('198.51.100.250'))).toMatchObject({ kind: 'refused', failure });
    // Set up before: a no is not the word that nothing is there.
    expect(await module.setUp({ service, addresses: ['198.51.100.250'] })).toMatchObject({
      kind: 'task-failed',
      failure,
    });
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('scan=off asks no other guest', async () => {
    const { server, make, setUp } = await openPve(panels);
    expect(await setUp(['198.51.100.250'], make({ settings: { ...pveSettings.lxc, scan: 'off' } }))).toEqual(done);
    expect(server.log.filter(({ parameters }) => parameters['vmid'] === '100')).toEqual([]);
  });
});

describe('one service, one guest', () => {
  test.each(['lxc', 'qemu', 'openvz'] as const)('two copies of a set-up at once make one %s', async (kind) => {
    const { world, make } = await openPve(panels, kind);
    expect(await twice(make)).toEqual([done, done]);
    expect(made(world)).toHaveLength(1);
  });

  test('a guest of somebody else under our VMID is left alone: the next VMID is taken, and found again', async () => {
    const { world, module, setUp } = await openPve(panels);
    world.guests.set(firstVmid, stranger(firstVmid));
    expect(await setUp()).toEqual(done);
    expect(world.guests.get(vmids[1] ?? 0)?.config['description']).toBe('iptally 0123456789ab svc-1001');
    world.guests.delete(firstVmid);
    expect(await module.addressesOf(service)).toEqual(addresses);
    expect(await setUp()).toEqual(done);
    expect(made(world)).toHaveLength(1);
  });

  test('all VMIDs taken by others is told, and nothing is made', async () => {
    const { world, setUp } = await openPve(panels);
    for (const vmid of vmids) world.guests.set(vmid, stranger(vmid));
    expect(await setUp()).toMatchObject({ kind: 'refused', failure: { code: 'no-vmid-left' } });
    expect(made(world)).toHaveLength(vmids.length);
  });

  test('a guest that the login may not see is no absence (I12)', async () => {
    const { world, make, setUp } = await openPve(panels);
    await setUp();
    addLogin(world, 'half@pve', ['VM.Allocate', 'Datastore.Audit']);
    const module = make({ login: 'half@pve' });
    expect((await module.setUp({ service, addresses })).kind).toBe('not-sent');
    expect((await module.remove(service)).kind).toBe('not-sent');
    await expect(module.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'panel-list-incomplete' } });
  });

  test('a guest restored under another VMID is found by its name and proved by its notes', async () => {
    const { world, module, setUp } = await openPve(panels, 'lxc', { namesAfterMs: 0 });
    await setUp();
    const guest = guestOf(world);
    world.guests.delete(guest.vmid);
    world.guests.set(321, { ...guest, vmid: 321 });
    expect(await module.addressesOf(service)).toEqual(addresses);
    world.guests.set(322, { ...guest, vmid: 322 });
    await expect(module.addressesOf(service)).rejects.toMatchObject({ failure: { code: 'service-twice-on-server' } });
    world.guests.delete(322);
    expect(await settled(module, () => module.remove(service))).toEqual(done);
    expect(made(world)).toEqual([]);
  });

  test('notes that people write around our line stay, and the guest stays ours', async () => {
    const { world, module, setUp } = await openPve(panels);
    await setUp();
    const guest = guestOf(world);
    if (guest !== undefined)
      guest.config = { ...guest.config, description: 'VIP, call first\n\niptally 0123456789ab svc-1001 \nsince May' };
    expect(await setUp(['198.51.100.10'])).toEqual(done);
    expect(guest.config['description']).toContain('VIP, call first');
    expect(await module.addressesOf(service)).toEqual(['198.51.100.10']);
  });

  test('names are host names, and VMIDs lie in their range, whatever the service id', () => {
    const range = { first: 10_000_000, last: 99_999_999 };
    for (const id of ['1', '...', 'A'.repeat(100), '2024-09-01', 'svc:1@x', '-a-']) {
      expect(guestNameOf({ ...service, id })).toMatch(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);
      for (const vmid of vmidsOf({ ...service, id }, range))
        expect(vmid >= range.first && vmid <= range.last).toBe(true);
    }
    expect(vmidsOf({ ...service, id: 'svc-1' }, range)).not.toEqual(vmidsOf({ ...service, id: 'svc:1' }, range));
  });
});
