import type { SimAddress } from '../../../activities/ipmanager/simulator/world.ts';
import { tagOf } from '../../../workflows/domain/tag.ts';
import { query } from '../../support/database.ts';
import type { Engine } from '../../support/engine.ts';
import { runsOf } from '../../../worker/runs.ts';
import { openRuns } from './at-rest.ts';
import type { CreateWatch } from './create-watch.ts';

/**
 * The invariants of design.md 4, computed from the three places that know: the simulated panel, the ledger and Temporal.
 * At rest the list is empty; each line is a violation in words. I10, I11 and I12 are pinned by other suites.
 */
export async function violations(engine: Engine, seen: Seen = {}): Promise<readonly string[]> {
  const facts = await factsOf(engine);
  return [
    ...(await boundTwice(engine)),
    ...notHeld(engine, facts),
    ...leaked(engine, facts),
    ...wrongPtr(engine, facts),
    ...(await releasedInUse(engine, seen)),
    ...(await withoutEnd(engine)),
    ...(await moreThanOne(engine, seen)),
    ...touched(engine, seen),
    ...(await handedOutInQuarantine(engine)),
  ];
}

export interface Seen {
  /** Watches what the panel really gave; without it I4 and the second half of I7 are not judged. */
  readonly creates?: CreateWatch;
  /** Addresses of other people as they were before. */
  readonly strangers?: readonly SimAddress[];
}

interface Row {
  readonly ip: string;
  readonly state: string;
  readonly service: string | null;
  readonly order: string | null;
  readonly tag: string | null;
  readonly untagged: boolean;
  readonly ptr: string | null;
}

interface Facts {
  readonly rows: readonly Row[];
  readonly held: ReadonlyMap<string, SimAddress>;
  readonly conflicts: ReadonlySet<string>;
  readonly parked: ReadonlySet<string>;
  readonly prefix: string;
}

async function factsOf({ database, ledger, simulator }: Engine): Promise<Facts> {
  const rows = await query<Row>(
    database.applicationUrl,
    `select host(ip) as ip, state, service, order_id as "order", tag, untagged, ptr from address where state <> 'released'`,
  );
  const conflicts = await ledger.addresses.conflicts({ open: true });
  const parked = await ledger.addresses.parked();
  return {
    rows,
    held: new Map([...simulator.world.addresses].filter(([, { state }]) => state === 'allocated')),
    conflicts: new Set(conflicts.map(({ ip }) => ip)),
    parked: new Set(parked.map(({ ip }) => ip)),
    prefix: `iptally:${await ledger.installation()}:`,
  };
}

const bound = (row: Row): boolean => row.state === 'reserved' || row.state === 'active';

async function boundTwice({ database }: Engine): Promise<readonly string[]> {
  const rows = await query<{ ip: string; services: string }>(
    database.applicationUrl,
    `select host(ip) as ip, string_agg(service, ', ') as services from address
     where state in ('reserved', 'active') group by ip having count(*) > 1`,
  );
  return rows.map(({ ip, services }) => `I1: ${ip} is on two services: ${services}`);
}

function notHeld(_engine: Engine, { rows, held, conflicts }: Facts): readonly string[] {
  return rows.filter(bound).flatMap((row) => {
    const there = held.get(row.ip);
    if (there === undefined) return [`I2: ${row.ip} of ${row.service} (${row.state}) is not held in IPmanager`];
    const ours = row.untagged || tagOf(there.note) === row.tag || conflicts.has(row.ip);
    return ours ? [] : [`I2: ${row.ip} of ${row.service} carries "${there.note}" instead of ${row.tag}`];
  });
}

function leaked({ simulator }: Engine, facts: Facts): readonly string[] {
  const rows = new Map(facts.rows.map((row) => [row.ip, row]));
  return [...simulator.world.addresses.values()].flatMap(({ ip, note, state }) => {
    if (state !== 'allocated' || !note.startsWith(facts.prefix)) return [];
    if (facts.conflicts.has(ip) || facts.parked.has(ip)) return [];
    const row = rows.get(ip);
    if (row === undefined) return [`I3: ${ip} leaked: held with ${note}, unknown here`];
    if (row.state === 'quarantined') return [`I3: ${ip} is held with ${note}, though quarantined here and not parked`];
    return [];
  });
}

function wrongPtr(_engine: Engine, { rows, held, conflicts }: Facts): readonly string[] {
  return rows.filter(bound).flatMap((row) => {
    const there = held.get(row.ip);
    if (there === undefined || conflicts.has(row.ip) || there.domain === row.ptr) return [];
    return [`I5: the PTR of ${row.ip} reads "${there.domain}" instead of "${row.ptr}"`];
  });
}

/** Each delete the panel carried out, against the ledger's own history of that moment (I4). */
async function releasedInUse({ database }: Engine, { creates }: Seen): Promise<readonly string[]> {
  if (creates === undefined) return [];
  const told = await query<{ ip: string; at: Date | string; event: string }>(
    database.applicationUrl,
    `select host(ip) as ip, at, event from address_history
     where event in ('reserved', 'kept', 'releasing') order by id`,
  );
  return creates.releases().flatMap(({ ip, at }) => {
    const before = told.filter((entry) => entry.ip === ip && new Date(entry.at).getTime() <= at);
    const last = before.at(-1);
    if (last === undefined || last.event === 'releasing') return [];
    return [`I4: ${ip} was deleted at ${new Date(at).toISOString()} while it was on a service`];
  });
}

async function withoutEnd(engine: Engine): Promise<readonly string[]> {
  const open = await openRuns(engine);
  const runs = runsOf(engine.client);
  const broken = open
    .filter(({ state, reason }) => state !== 'waiting' || reason === undefined)
    .map(({ workflowId, state }) => `I6: ${workflowId} is open (${state}) without a reason`);
  for (const order of await engine.ledger.orders.listOpen()) {
    if ((await runs.closedAt(order.owner)) !== undefined)
      broken.push(`I6: order ${order.id} has neither an address nor an end, and ${order.owner.workflowId} is closed`);
  }
  for (const lock of await engine.ledger.locks.list()) {
    if ((await runs.closedAt(lock.owner)) !== undefined)
      broken.push(`I6: ${lock.key} is still locked (${lock.reason}) by ${lock.owner.workflowId}, which is closed`);
  }
  const working = new Set(open.map(({ workflowId }) => workflowId));
  for (const { id, state } of await engine.ledger.services.list()) {
    if (state !== 'provisioning' && state !== 'waiting' && state !== 'removing') continue;
    if (!working.has(`provision/${id}`) && !working.has(`remove/${id}`))
      broken.push(`I6: service ${id} is ${state} and nothing works for it`);
  }
  return broken;
}

async function moreThanOne({ database }: Engine, { creates }: Seen): Promise<readonly string[]> {
  const orders = await query<{ id: string; tag: string; attempts: number; held: string }>(
    database.applicationUrl,
    `select o.id, o.tag, o.attempts, count(a.id) as held from address_order o
     left join address a on a.order_id = o.id and a.state in ('reserved', 'active') group by o.id, o.tag, o.attempts`,
  );
  const taken = creates?.allocations();
  return orders.flatMap(({ id, tag, attempts, held }) => {
    const remote = taken?.get(tag) ?? 0;
    return [
      ...(Number(held) > 1 ? [`I7: order ${id} holds ${held} addresses`] : []),
      ...(remote > attempts ? [`I7: order ${id} took ${remote} addresses with ${attempts} attempts`] : []),
    ];
  });
}

function touched({ simulator }: Engine, { strangers }: Seen): readonly string[] {
  return (strangers ?? []).flatMap((was) => {
    const is = simulator.world.addresses.get(was.ip);
    return JSON.stringify(is) === JSON.stringify(was) ? [] : [`I8: ${was.ip} of somebody else was touched`];
  });
}

async function handedOutInQuarantine({ database }: Engine): Promise<readonly string[]> {
  const rows = await query<{ ip: string; customer: string | null }>(
    database.applicationUrl,
    `select host(later.ip) as ip, later.customer from address earlier
     join address later on later.ip = earlier.ip and later.id > earlier.id
     where earlier.quarantine_until > later.created_at and later.customer is distinct from earlier.customer
       and (later.service is not null or later.former_state is not null)`,
  );
  return rows.map(({ ip, customer }) => `I9: ${ip} went to ${customer} while in quarantine after another customer`);
}
