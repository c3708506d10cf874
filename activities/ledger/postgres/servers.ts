import { LedgerContractBroken } from '../contract-broken.ts';
import type { ServerRecord } from '../records.ts';
import type { SecretBox } from '../secrets.ts';
import type { Refused, ServerFields, Servers } from '../settings.ts';
import type { Database } from './database.ts';
import { serverRecord } from './setting-rows.ts';
import type { Db, Row } from './tables.ts';

const place = (name: string): string => `server/${name}/secret`;

export function serversIn(database: Database, box: SecretBox): Servers {
  return {
    add: async (name, fields, secret) => {
      const sealed = secret === null ? null : box.seal(place(name), secret);
      return database.transact((db) => add(db, { name, fields, sealed }));
    },
    edit: async (name, fields, secret) => {
      const sealed = secret === undefined ? undefined : box.seal(place(name), secret);
      return database.transact((db) => edit(db, { name, fields, sealed }));
    },
    remove: (name) => database.transact((db) => remove(db, name)),
    find: (name) =>
      database.read(async (db) => {
        const row = await find(db, name);
        return row === undefined ? undefined : serverRecord(row);
      }),
    list: () =>
      database.read(async (db) =>
        (await db.selectFrom('server').selectAll().orderBy('name').execute()).map(serverRecord),
      ),
    secretOf: async (name) => {
      const row = await database.read((db) => find(db, name));
      if (row === undefined) throw new LedgerContractBroken('no-such-server', name);
      return row.secret_sealed === null ? null : box.open(place(name), row.secret_sealed);
    },
  };
}

function find(db: Db, name: string): Promise<Row<'server'> | undefined> {
  return db.selectFrom('server').selectAll().where('name', '=', name).executeTakeFirst();
}

async function add(
  db: Db,
  entry: { readonly name: string; readonly fields: ServerFields; readonly sealed: string | null },
): Promise<ServerRecord | Refused> {
  const { name, fields, sealed } = entry;
  if ((await find(db, name)) !== undefined) return { refused: 'exists', because: [name] };
  const missing = await missingIntegration(db, fields.integration);
  if (missing !== undefined) return missing;
  const row = await db
    .insertInto('server')
    .values({ name, ...columns(fields), secret_sealed: sealed })
    .returningAll()
    .executeTakeFirstOrThrow();
  return serverRecord(row);
}

async function edit(
  db: Db,
  entry: { readonly name: string; readonly fields: Partial<ServerFields>; readonly sealed: string | undefined },
): Promise<ServerRecord | Refused> {
  const { name, fields, sealed } = entry;
  const known = await db.selectFrom('server').selectAll().where('name', '=', name).forNoKeyUpdate().executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const { name: _name, createdAt: _at, ...before } = serverRecord(known);
  const after = { ...before, ...fields };
  const missing = await missingIntegration(db, after.integration);
  if (missing !== undefined) return missing;
  const row = await db
    .updateTable('server')
    .set({ ...columns(after), ...(sealed === undefined ? {} : { secret_sealed: sealed }) })
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return serverRecord(row);
}

function columns(fields: ServerFields) {
  return {
    module: fields.module,
    url: fields.url,
    login: fields.login,
    integration: fields.integration,
    settings: fields.settings,
    request_timeout_ms: String(fields.requestTimeoutMs),
    ca: fields.ca,
    pin: fields.pin,
    allow_plain_http: fields.allowPlainHttp,
  };
}

async function missingIntegration(db: Db, integration: string | null): Promise<Refused | undefined> {
  if (integration === null) return undefined;
  const row = await db
    .selectFrom('integration')
    .select('name')
    .where('name', '=', integration)
    .forShare()
    .executeTakeFirst();
  return row === undefined ? { refused: 'no-such-integration', because: [integration] } : undefined;
}

/** Alone with the server: services are opened with a share of it, so none comes in between. */
async function remove(db: Db, name: string): Promise<'removed' | Refused> {
  const known = await db.selectFrom('server').select('name').where('name', '=', name).forUpdate().executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const live = await db
    .selectFrom('service')
    .select('id')
    .where('server', '=', name)
    .where('state', '!=', 'removed')
    .orderBy('id')
    .limit(100)
    .execute();
  if (live.length > 0) return { refused: 'in-use', because: live.map((row) => `service ${row.id}`) };
  await db.deleteFrom('server').where('name', '=', name).execute();
  return 'removed';
}
