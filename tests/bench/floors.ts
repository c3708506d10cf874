import { Agent, request } from 'undici';
import { connect, copyOut } from './driver.ts';

export interface Sides {
  readonly port: number;
  readonly databaseUrl: string;
}

const inFlight = 16;
const chunkRows = 5_000;
const columns = `ip, state, integration, service, address_group, order_id, tag, untagged, protected, ptr, ptr_seen,
  quarantine_until, version`;
const where = `state in ('reserved', 'active', 'releasing', 'quarantined')`;

/** The bytes of both sides, looked at by nobody: the least any sync must do. */
export async function moveBytes(sides: Sides): Promise<Readonly<Record<string, unknown>>> {
  const [remote, ledger] = await Promise.all([eachPage(sides.port, async (body) => body.length), copyBytes(sides)]);
  return { remote, ledger };
}

/** Both sides read and parsed into plain values, compared with nothing. */
export async function parseBoth(sides: Sides): Promise<Readonly<Record<string, unknown>>> {
  const parse = async (body: Buffer): Promise<number> => {
    const { doc } = JSON.parse(body.toString('utf8')) as { readonly doc: { readonly elem?: readonly Elem[] } };
    return (doc.elem ?? []).map(({ ip, domain, iptype, note }) => ({
      ip: ip.$ ?? '',
      ptr: domain.$ ?? '',
      group: iptype.$ ?? '',
      note: note.$ ?? '',
    })).length;
  };
  const [remote, ledger] = await Promise.all([eachPage(sides.port, parse), readRows(sides)]);
  return { remote, ledger };
}

type Elem = Readonly<Record<'ip' | 'domain' | 'iptype' | 'note', { readonly $?: string }>>;

async function eachPage(port: number, look: (body: Buffer) => Promise<number>): Promise<number> {
  const agent = new Agent({ connections: inFlight });
  const read = async (page: number): Promise<Buffer> => {
    const { body } = await request(`http://127.0.0.1:${port}/ipmgr`, {
      method: 'POST',
      body: `func=ip&p_num=${page}&p_cnt=1000`,
      dispatcher: agent,
    });
    return Buffer.from(await body.arrayBuffer());
  };
  const first = await read(1);
  const total = Number(/"p_elems":\{"\$":"(\d+)"\}/.exec(first.toString('latin1', first.length - 200))?.[1] ?? '0');
  let sum = await look(first);
  let next = 2;
  const last = Math.ceil(total / 1_000);
  const walk = async (): Promise<void> => {
    while (next <= last) {
      const page = next;
      next += 1;
      const looked = await look(await read(page));
      sum += looked;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, walk));
  await agent.close();
  return sum;
}

async function copyBytes({ databaseUrl }: Sides): Promise<number> {
  const client = await connect(databaseUrl);
  const bytes = await copyOut(client, `copy (select ${columns} from address where ${where} order by ip) to stdout`);
  await client.end();
  return bytes;
}

async function readRows({ databaseUrl }: Sides): Promise<number> {
  const client = await connect(databaseUrl);
  let sum = 0;
  for (let after = '0.0.0.0'; ;) {
    const sql = `select ${columns} from address where ${where} and ip > $1 order by ip limit ${chunkRows}`;
    const { rows } = await client.query(sql, [after]);
    sum += rows.length;
    after = rows.at(-1)?.ip ?? after;
    if (rows.length < chunkRows) break;
  }
  await client.end();
  return sum;
}
