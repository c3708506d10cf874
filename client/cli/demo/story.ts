import { workflowIds } from '../../../workflows/contract.ts';
import { familyOf } from '../../../workflows/domain/address.ts';
import type { ServiceKind } from '../../../workflows/domain/states.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AddressRecord } from '../../../activities/ledger/records.ts';
import { type Desk, domainOf, idOf, ipsOf, names, stuck, type Told, until } from './desk.ts';
import { onEachPanel } from './machines.ts';
import { presets } from './set-up.ts';
import { dayOne, drift, nothingLeft } from './sync-story.ts';

/**
 * The steps, in order. Each looks what is there before it acts, so a demo that was killed goes on where it was: orders
 * are sent again under the same ids, which is harmless (that is what the engine is for).
 */
export const story: readonly ((desk: Desk) => Promise<Told>)[] = [
  dayOne,
  firstOrder,
  conflict,
  failedSetUp,
  onEachPanel,
  customersPtr,
  release,
  licence,
  drift,
  nothingLeft,
];

const customers = { ada: 'c-1042', bert: 'c-1077', cafe: 'c-1091' } as const;

interface Order {
  readonly id: string;
  readonly kind: ServiceKind;
  readonly domain: string;
  readonly customer: string;
  readonly server: string;
  readonly tariff: string;
}

/** Orders a service, unless it is there. */
async function order(desk: Desk, service: Order): Promise<void> {
  desk.say(`${service.id} (${service.kind}, ${service.domain}) is ordered`);
  await desk.client.provisionService({ service });
}

/** The provisioning system reports that it has set a service up. */
async function report(desk: Desk, id: string): Promise<void> {
  const before = await desk.ledger.services.find(id);
  if (before?.state !== 'active') await desk.client.setupFinished(id, { ok: true });
  await until(desk, id, ['active']);
}

function vps(desk: Desk, number: number, who: 'ada' | 'bert'): Order {
  const { servers, tariffs } = names;
  const domain = domainOf(desk, who);
  const id = idOf(desk, 'vps', number);
  return { id, kind: 'vps', domain, customer: customers[who], server: servers.vps, tariff: tariffs.vps };
}

async function firstOrder(desk: Desk): Promise<Told> {
  const service = vps(desk, 1, 'ada');
  await order(desk, service);
  await report(desk, service.id);
  return {
    step: 'order',
    happened: `${service.id} got one address of each family, PTR ${service.domain}; its server reported success`,
    addresses: await ipsOf(desk, service.id),
    workflowId: workflowIds.provisionService(service.id),
  };
}

/** Somebody frees an address at the panel by hand, and the panel offers it to the next order. */
async function conflict(desk: Desk): Promise<Told> {
  const holder = idOf(desk, 'vps', 1);
  const service = vps(desk, 2, 'bert');
  const ip = (await ipsOf(desk, holder)).find((one) => familyOf(one) === 'ipv4');
  if (ip === undefined) throw new Error('the first order has an IPv4 address');
  const seen = async () => (await desk.ledger.addresses.conflicts()).filter((one) => one.ip === ip);
  const ordered = await desk.ledger.services.find(service.id);
  if (ordered === undefined && (await seen()).length === 0) {
    desk.say(`support deletes ${ip} in IPmanager by mistake: ${holder} uses it`);
    await desk.panel.release(ip);
  }
  await order(desk, service);
  await report(desk, service.id);
  const open = (await seen()).some(({ resolvedAt }) => resolvedAt === null);
  if (open) {
    desk.say(`${ip} was offered again and marked; the conflict is resolved, its holder's PTR and tag come back`);
    await desk.client.resolveConflict({ address: ip, actor: 'operator' });
  }
  const got = await ipsOf(desk, service.id);
  const marked = (await seen()).length > 0;
  return {
    step: 'conflict',
    happened: marked
      ? `${ip} of ${holder} was freed in IPmanager by mistake and offered to ${service.id}: marked, never given out twice; resolved`
      : `${service.id} was ordered; IPmanager did not offer ${ip}, which somebody had freed by mistake`,
    addresses: [ip, ...got],
    workflowId: marked ? workflowIds.resolveConflict(ip) : workflowIds.provisionService(service.id),
  };
}

/** A set-up fails, is mended, and is retried with the address it has. */
async function failedSetUp(desk: Desk): Promise<Told> {
  const { servers, tariffs } = names;
  const id = idOf(desk, 'web', 3);
  const before = await desk.ledger.services.find(id);
  if (before?.state !== 'active') {
    await usePreset(desk, before?.state === 'waiting' ? presets.right : presets.wrong);
    const domain = domainOf(desk, 'cafe');
    await order(desk, {
      id,
      kind: 'hosting',
      domain,
      customer: customers.cafe,
      server: servers.shared,
      tariff: tariffs.web,
    });
    desk.say(`its set-up fails: ${servers.shared} has no preset "${presets.wrong}"`);
    const waiting = await until(desk, id, ['waiting', 'active']);
    await usePreset(desk, presets.right);
    if (waiting.state === 'waiting') await desk.client.retrySetup(id);
    await until(desk, id, ['active']);
  }
  return {
    step: 'failed set-up',
    happened: `the set-up of ${id} failed three times (no preset "${presets.wrong}"), was mended and retried with the same address`,
    addresses: await ipsOf(desk, id),
    workflowId: workflowIds.provisionService(id),
  };
}

async function usePreset(desk: Desk, preset: string): Promise<void> {
  const server = await desk.ledger.settings.servers.find(names.servers.shared);
  await desk.ledger.settings.servers.edit(names.servers.shared, { settings: { ...server?.settings, preset } });
}

async function customersPtr(desk: Desk): Promise<Told> {
  const [ip = ''] = await ipsOf(desk, idOf(desk, 'vps', 1));
  const ptr = `mail.${domainOf(desk, 'ada')}`;
  desk.say(`customer ${customers.ada} points ${ip} to ${ptr}`);
  await desk.client.changePtr({ address: ip, ptr, actor: `customer:${customers.ada}` });
  return {
    step: 'PTR',
    happened: `customer ${customers.ada} changed the PTR to ${ptr}: written and read back`,
    addresses: [ip],
    workflowId: workflowIds.changePtr(ip),
  };
}

async function release(desk: Desk): Promise<Told> {
  const service = idOf(desk, 'vps', 1);
  const orderId = `demo-${desk.play}-extra`;
  const rows = await desk.ledger.addresses.list({ order: orderId });
  if (rows.length === 0) await desk.client.addAddress({ order: orderId, service, family: 'ipv4' });
  const row = await putOnServer(desk, orderId);
  if (row.state !== 'quarantined' && row.state !== 'released') {
    desk.say(`${row.ip}, a second address of ${service}, is released`);
    await desk.client.releaseAddress({ address: row.ip, reason: 'the customer needs one address only' });
  }
  return {
    step: 'release',
    happened: `${service} got a second address and gave it back; nobody else gets it while its quarantine runs`,
    addresses: [row.ip],
    workflowId: workflowIds.releaseAddress(row.ip),
  };
}

/** The address of an order, once its server has it: what is being set up is not released. */
async function putOnServer(desk: Desk, orderId: string): Promise<AddressRecord> {
  for (let look = 0; look < 300; look += 1) {
    const [row] = await desk.ledger.addresses.list({ order: orderId });
    if (row !== undefined && row.state !== 'reserved') return row;
    await sleep(200);
  }
  throw stuck(`the address of order ${orderId} is not on its server after a minute`, 'see "iptally address list"');
}

/** No address, and that is a normal answer with its reason. */
async function licence(desk: Desk): Promise<Told> {
  const { servers, tariffs } = names;
  const id = idOf(desk, 'ssl', 4);
  const domain = domainOf(desk, 'cafe');
  await order(desk, {
    id,
    kind: 'licence',
    domain,
    customer: customers.cafe,
    server: servers.vps,
    tariff: tariffs.web,
  });
  await report(desk, id);
  return {
    step: 'no address',
    happened: `${id} is a licence: it needs no address, and says so`,
    addresses: [],
    workflowId: workflowIds.provisionService(id),
  };
}
