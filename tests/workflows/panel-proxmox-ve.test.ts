import { afterAll, expect, test } from '@jest/globals';
import { demoPveSettings, demoPveWorld } from '../../activities/servers/proxmox-ve/simulator/demo-world.ts';
import { startProxmoxVeSimulator } from '../../activities/servers/proxmox-ve/simulator/start.ts';
import { inForceOf } from '../../activities/servers/proxmox-ve/simulator/world.ts';
import { proofLine } from '../../activities/servers/service-label.ts';
import { password } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import { add, attributesOf, eventually, heldFor, openDesk, release, remove } from './support/desk.ts';

const engine = await openDesk();
const { ledger } = engine;

const world = demoPveWorld({ root: password, token: '8a8c1cd4-4a1f-4d9a-9d0b-3b8f8a2f0c11' });
world.knobs.taskMs = 100;
const panel = await startProxmoxVeSimulator({ world });
afterAll(() => panel.close());

const at = { module: 'proxmox-ve', url: panel.url, login: 'root@pam', requestTimeoutMs: 5_000 };
await engine.addServer('pve-ct', { ...at, settings: demoPveSettings }, password);
await engine.addServer('pve-vm', { ...at, settings: { type: 'qemu', template: '9000', prefix4: '24' } }, password);

const installation = await ledger.installation();

function guestsOf(id: string) {
  return [...world.guests.values()].filter(({ config }) => config['description'] === proofLine({ installation, id }));
}

/** The addresses that the configuration of a service's guest has, with their lengths. */
function carried(id: string): readonly string[] {
  const values = guestsOf(id)
    .flatMap(({ config }) => Object.entries(config))
    .filter(([name]) => /^(net|ipconfig)/.test(name));
  return values.flatMap(([, value]) => [...value.matchAll(/ip6?=([^,/]*)\//g)].map(([, ip = '']) => ip)).toSorted();
}

async function provisioned(id: string, server: string): Promise<readonly string[]> {
  const { answer, handle } = await orderService(engine, service(id, { server, tariff: 'vps-2' }));
  expect(await handle.result()).toMatchObject({ outcome: 'allocated' });
  return answer.addresses.map(({ ip }) => ip).toSorted();
}

test.concurrent('a container gets its addresses and one more, gives one back, and goes with all of them', async () => {
  const ips = await provisioned('g-ct', 'pve-ct');
  expect(carried('g-ct')).toEqual(ips);
  const more = await add(engine, { order: 'g-ct-more', service: 'g-ct', family: 'ipv4' });
  await more.handle.result();
  const [extra = ''] = more.answer.addresses.map(({ ip }) => ip);
  expect(carried('g-ct')).toEqual([...ips, extra].toSorted());
  await (await release(engine, extra)).result();
  expect(carried('g-ct')).toEqual(ips);
  const removal = await (await remove(engine, 'g-ct')).result();
  expect(removal).toEqual({ service: 'g-ct', released: ips, kept: [] });
  expect(guestsOf('g-ct')).toEqual([]);
  expect(await heldFor(engine, 'g-ct/1/ipv4/1', 'g-ct/1/ipv6/1', 'g-ct-more')).toEqual([]);
  expect(await ledger.services.find('g-ct')).toMatchObject({ state: 'removed' });
});

/** Addresses that went back to IPmanager while a guest was running with them. */
const inUse: string[] = [];
engine.simulator.faults.hook = ({ purpose, parameters }) => {
  const ip = parameters['elid'] ?? '';
  const values = [...world.guests.values()].flatMap((guest) => Object.values(inForceOf(guest)));
  if (purpose === 'release' && values.some((value) => value.includes(`=${ip}/`))) inUse.push(ip);
  return undefined;
};

test.concurrent('a virtual machine is cloned, given its addresses and started, and removed before any of them goes back (I4)', async () => {
  const ips = await provisioned('g-vm', 'pve-vm');
  expect(carried('g-vm')).toEqual(ips);
  expect(guestsOf('g-vm')).toMatchObject([{ type: 'qemu', status: 'running' }]);
  const removal = await (await remove(engine, 'g-vm')).result();
  expect(removal).toEqual({ service: 'g-vm', released: ips, kept: [] });
  expect(guestsOf('g-vm')).toEqual([]);
  expect(ips.filter((ip) => inUse.includes(ip))).toEqual([]);
});

test.concurrent('an address that a virtual machine runs with is released when the machine is stopped, and not before (I4)', async () => {
  const [ip = ''] = await provisioned('g-on', 'pve-vm');
  const run = await release(engine, ip);
  await eventually(async () =>
    expect(await attributesOf(engine, run.workflowId)).toMatchObject({ IptallyReason: 'address-in-force' }),
  );
  expect(await ledger.addresses.find(ip)).toMatchObject({ state: 'active', service: 'g-on' });
  expect(carried('g-on')).toContain(ip);
  const [guest] = guestsOf('g-on');
  if (guest !== undefined) guest.status = 'stopped';
  expect(await run.result()).toMatchObject({ state: 'quarantined' });
  expect(carried('g-on')).not.toContain(ip);
  expect(inUse).not.toContain(ip);
});

test.concurrent('a set-up whose task fails is tried again by itself: one guest, the same addresses', async () => {
  const words = 'unable to allocate image of 10 GiB';
  panel.faults.hook = ({ purpose, parameters }) => {
    const tried = world.tasks.some(({ exit }) => exit?.includes(words));
    // The task that this very request begins.
    if (purpose === 'create' && parameters['hostname']?.startsWith('g-again') === true && !tried)
      world.knobs.failNext.push(words);
    return undefined;
  };
  const ips = await provisioned('g-again', 'pve-ct');
  expect(guestsOf('g-again')).toHaveLength(1);
  expect(carried('g-again')).toEqual(ips);
  expect(world.tasks.filter(({ exit }) => exit?.includes(words))).toHaveLength(1);
});
