import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MikroORM } from '@mikro-orm/postgresql';
import type { Ledger, OpenOrder } from '../../activities/ledger/ledger.ts';
import { migrate } from '../../activities/ledger/migrate.ts';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import type { AddressRecord, RunRef } from '../../activities/ledger/records.ts';
import type { IntegrationFields, ServerFields } from '../../activities/ledger/settings.ts';
import { familyOf } from '../../workflows/domain/address.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A migrated database with two integrations, a server on each, one without, and a tariff. */
export interface World {
  readonly database: TestDatabase;
  readonly ledger: Ledger;
  readonly masterKeyFile: string;
  /** Statements as the owner of the tables. */
  readonly sql: <Row extends object>(statement: string, values?: readonly unknown[]) => Promise<readonly Row[]>;
  readonly close: () => Promise<void>;
}

export const panel: IntegrationFields = {
  url: 'https://panel.example/ipmgr',
  login: 'billing',
  adminLogin: null,
  ignoredGroups: ['service', 'infra'],
  policy: 'all',
  timeZone: 'Europe/Berlin',
  coolDownMs: 0,
  quarantineMs: 86_400_000,
  requestTimeoutMs: 90_000,
  fenceMs: 180_000,
  maxAttempts: 6,
  maxConflicts: 10,
  onConflict: 'mark',
  ca: null,
  pin: null,
  allowPlainHttp: false,
  dialectOverrides: {},
};

export const server: ServerFields = {
  module: 'external',
  url: null,
  login: null,
  integration: 'panel',
  settings: {},
  requestTimeoutMs: 90_000,
  ca: null,
  pin: null,
  allowPlainHttp: false,
};

export async function openWorld(): Promise<World> {
  const database = await createDatabase();
  const folder = temporaryFolder('ledger');
  const masterKeyFile = join(folder, 'master.key');
  writeFileSync(masterKeyFile, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  await migrate({ migrationUrl: database.migrationUrl, applicationRole: database.applicationRole });
  const ledger = await connectLedger({ url: database.applicationUrl, masterKeyFile, poolSize: 10 });
  const owner = await MikroORM.init({
    clientUrl: database.migrationUrl,
    entities: [],
    discovery: { warnWhenNoEntities: false },
  });
  await ledger.settings.integrations.add('panel', panel, { password: 'pw', adminPassword: null });
  await ledger.settings.integrations.add(
    'other',
    { ...panel, login: 'other' },
    { password: 'pw', adminPassword: null },
  );
  await ledger.settings.servers.add('srv', server, null);
  await ledger.settings.servers.add('srv-2', server, null);
  await ledger.settings.servers.add('srv-other', { ...server, integration: 'other' }, null);
  await ledger.settings.servers.add('srv-bare', { ...server, integration: null }, null);
  await ledger.settings.tariffs.add('plain', { dedicated: true, ipv4: 1, ipv6: 1, group: null });
  await ledger.settings.tariffs.add('large', { dedicated: true, ipv4: 16, ipv6: 16, group: 'big' });
  return {
    database,
    ledger,
    masterKeyFile,
    sql: (statement, values = []) => owner.em.getConnection().execute(statement, [...values]),
    close: async () => {
      await ledger.close();
      await owner.close(true);
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let count = 0;

/** A run nobody else has. */
export function aRun(workflowId = 'provision/any'): RunRef {
  count += 1;
  return { workflowId, runId: `run-${count}` };
}

/** A service id nobody else has. */
export function anId(prefix = 'svc'): string {
  count += 1;
  return `${prefix}-${count}`;
}

/** An IPv4 address nobody else has. */
export function anIp(): string {
  count += 1;
  return `10.${Math.floor(count / 65_536)}.${Math.floor(count / 256) % 256}.${count % 256}`;
}

export interface AService {
  readonly id: string;
  readonly run: RunRef;
  readonly customer: string | null;
}

export async function aService(
  { ledger }: World,
  fields: { readonly id?: string; readonly customer?: string | null; readonly server?: string } = {},
): Promise<AService> {
  const id = fields.id ?? anId();
  const run = aRun(`provision/${id}`);
  const customer = fields.customer === undefined ? `customer-of-${id}` : fields.customer;
  const opened = await ledger.services.open({
    service: {
      id,
      kind: 'vps',
      domain: `${id}.example.com`,
      customer,
      server: fields.server ?? 'srv',
      tariff: 'plain',
    },
    run,
  });
  if (opened.kind !== 'opened') throw new Error(`not opened: ${opened.kind}`);
  return { id, run, customer };
}

export function anOrder(service: AService, fields: Partial<OpenOrder> = {}): OpenOrder {
  return {
    order: anId('order'),
    service: service.id,
    integration: 'panel',
    family: 'ipv4',
    group: 'public',
    ptr: null,
    wanted: null,
    run: service.run,
    ...fields,
  };
}

/** An open order of the service. */
export async function anOpenOrder(
  world: World,
  service: AService,
  fields: Partial<OpenOrder> = {},
): Promise<OpenOrder> {
  const order = anOrder(service, fields);
  const opened = await world.ledger.orders.open(order);
  if (opened.kind !== 'open') throw new Error(`not open: ${opened.kind}`);
  return order;
}

export async function lock({ ledger }: World, ip: string, run: RunRef): Promise<void> {
  const taken = await ledger.locks.acquire({ key: `address/${ip}`, reason: 'a test', run });
  if (taken.kind !== 'acquired') throw new Error(`the lock is held by ${taken.by.owner.runId}`);
}

export async function unlock({ ledger }: World, ip: string, run: RunRef): Promise<void> {
  await ledger.locks.release({ key: `address/${ip}`, run });
}

/** Claims under a lock of its own, and lets the lock go. */
export async function claim(world: World, order: OpenOrder, ip: string) {
  await lock(world, ip, order.run);
  const answer = await world.ledger.orders.claim({ order: order.order, ip, group: order.group, run: order.run });
  await unlock(world, ip, order.run);
  return answer;
}

/** An address reserved for the service. */
export async function aReserved(
  world: World,
  service: AService,
  fields: Partial<OpenOrder> & { readonly ip?: string } = {},
): Promise<{ readonly ip: string; readonly order: OpenOrder; readonly address: AddressRecord }> {
  const { ip = anIp(), ...rest } = fields;
  const order = await anOpenOrder(world, service, { family: familyOf(ip), ...rest });
  const answer = await claim(world, order, ip);
  if (answer.kind !== 'claimed') throw new Error(`not claimed: ${answer.kind}`);
  return { ip, order, address: answer.address };
}

/** Takes an address through its release into quarantine. */
export async function release(world: World, ip: string, quarantineMs: number): Promise<AddressRecord> {
  const run = aRun(`release/${ip}`);
  await lock(world, ip, run);
  const begun = await world.ledger.releases.begin({ ip, reason: 'a test', run });
  if (begun.kind !== 'releasing') throw new Error(`not releasing: ${begun.kind}`);
  return world.ledger.releases.finish({ ip, quarantineMs, run });
}
