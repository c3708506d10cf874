import { LedgerContractBroken } from '../contract-broken.ts';
import type { IntegrationRecord } from '../records.ts';
import type { SecretBox } from '../secrets.ts';
import type { IntegrationFields, Integrations, IntegrationSecrets, Refused } from '../settings.ts';
import type { Database } from './database.ts';
import { integrationRecord, syncColumns } from './setting-rows.ts';
import type { Db, Row } from './tables.ts';
import { ipText } from './values.ts';

const place = (name: string, column: 'password' | 'admin-password'): string => `integration/${name}/${column}`;

/** The most names a refusal lists; what is more is of no more help. */
const mostNamed = 100;

export function integrationsIn(database: Database, box: SecretBox): Integrations {
  return {
    // Sealed and opened outside of the database's calls: what a missing key throws is no error of theirs.
    add: async (name, fields, secrets) => {
      const entry = { name, fields, sealed: sealed(box, name, secrets) };
      return database.transact((db) => add(db, entry));
    },
    edit: async (name, fields, secrets) => {
      const entry = { name, fields, sealed: sealed(box, name, secrets) };
      return database.transact((db) => edit(db, entry));
    },
    remove: (name) => database.transact((db) => remove(db, name)),
    keepDialect: (name, dialect) =>
      database.transact(async (db) => {
        await db.updateTable('integration').set({ dialect, tag_not_kept: false }).where('name', '=', name).execute();
      }),
    markTagNotKept: (name) =>
      database.transact(async (db) => {
        await db.updateTable('integration').set({ tag_not_kept: true }).where('name', '=', name).execute();
      }),
    find: (name) =>
      database.read(async (db) => {
        const row = await find(db, name);
        return row === undefined ? undefined : integrationRecord(row);
      }),
    list: () =>
      database.read(async (db) =>
        (await db.selectFrom('integration').selectAll().orderBy('name').execute()).map(integrationRecord),
      ),
    secretsOf: async (name) => {
      const row = await database.read((db) => find(db, name));
      if (row === undefined) throw new LedgerContractBroken('no-such-integration', name);
      return secretsIn(row, box);
    },
  };
}

type Sealed = Partial<Pick<Row<'integration'>, 'password_sealed' | 'admin_password_sealed'>>;

/** Sealed for this row and column: moved to another one it does not open (I11). */
function sealed(box: SecretBox, name: string, secrets: Partial<IntegrationSecrets>): Sealed {
  const { password, adminPassword } = secrets;
  return {
    ...(password === undefined ? {} : { password_sealed: box.seal(place(name, 'password'), password) }),
    ...(adminPassword === undefined
      ? {}
      : {
          admin_password_sealed: adminPassword === null ? null : box.seal(place(name, 'admin-password'), adminPassword),
        }),
  };
}

function secretsIn(row: Row<'integration'>, box: SecretBox): IntegrationSecrets {
  const { name, admin_password_sealed: admin } = row;
  return {
    password: box.open(place(name, 'password'), row.password_sealed),
    adminPassword: admin === null ? null : box.open(place(name, 'admin-password'), admin),
  };
}

function find(db: Db, name: string): Promise<Row<'integration'> | undefined> {
  return db.selectFrom('integration').selectAll().where('name', '=', name).executeTakeFirst();
}

async function add(
  db: Db,
  entry: { readonly name: string; readonly fields: IntegrationFields; readonly sealed: Sealed },
): Promise<IntegrationRecord | Refused> {
  const { name, fields } = entry;
  if ((await find(db, name)) !== undefined) return { refused: 'exists', because: [name] };
  const twin = await samePanel(db, fields, name);
  if (twin !== undefined) return twin;
  const { password_sealed = '', admin_password_sealed = null } = entry.sealed;
  const row = await db
    .insertInto('integration')
    .values({ name, ...columns(fields), password_sealed, admin_password_sealed })
    .returningAll()
    .executeTakeFirstOrThrow();
  return integrationRecord(row);
}

async function edit(
  db: Db,
  entry: { readonly name: string; readonly fields: Partial<IntegrationFields>; readonly sealed: Sealed },
): Promise<IntegrationRecord | Refused> {
  const { name, fields } = entry;
  const known = await db
    .selectFrom('integration')
    .selectAll()
    .where('name', '=', name)
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const panel = { url: fields.url ?? known.url, login: fields.login ?? known.login };
  const twin = await samePanel(db, panel, name);
  if (twin !== undefined) return twin;
  // Another panel or login has forms of its own: what was read from the former ones says nothing any more.
  const elsewhere = panel.url !== known.url || panel.login !== known.login;
  const set = { ...columns({ ...fieldsOf(known), ...fields }), ...entry.sealed };
  const row = await db
    .updateTable('integration')
    .set((eb) => ({ ...set, ...(elsewhere ? { dialect: null, panel_since: eb.fn<string>('now') } : {}) }))
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return integrationRecord(row);
}

function fieldsOf(row: Row<'integration'>): IntegrationFields {
  const { name: _name, dialect: _dialect, tagNotKept: _kept, createdAt: _at, ...fields } = integrationRecord(row);
  return fields;
}

function columns(fields: IntegrationFields) {
  return {
    url: fields.url,
    login: fields.login,
    admin_login: fields.adminLogin,
    ignored_groups: fields.ignoredGroups,
    policy: fields.policy,
    time_zone: fields.timeZone,
    cool_down_ms: String(fields.coolDownMs),
    quarantine_ms: String(fields.quarantineMs),
    request_timeout_ms: String(fields.requestTimeoutMs),
    fence_ms: String(fields.fenceMs),
    max_attempts: fields.maxAttempts,
    max_conflicts: fields.maxConflicts,
    on_conflict: fields.onConflict,
    ca: fields.ca,
    pin: fields.pin,
    allow_plain_http: fields.allowPlainHttp,
    dialect_overrides: fields.dialectOverrides,
    ...syncColumns(fields),
  };
}

async function samePanel(
  db: Db,
  panel: { readonly url: string; readonly login: string },
  name: string,
): Promise<Refused | undefined> {
  const twin = await db
    .selectFrom('integration')
    .select('name')
    .where('url', '=', panel.url)
    .where('login', '=', panel.login)
    .where('name', '!=', name)
    .executeTakeFirst();
  return twin === undefined ? undefined : { refused: 'same-panel', because: [twin.name] };
}

/** Alone with the integration: orders are opened with a share of it, so none comes in between. */
async function remove(db: Db, name: string): Promise<'removed' | Refused> {
  const known = await db
    .selectFrom('integration')
    .select('name')
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const because = [...(await serversOf(db, name)), ...(await openOrdersOf(db, name)), ...(await addressesOf(db, name))];
  if (because.length > 0) return { refused: 'in-use', because: because.slice(0, mostNamed) };
  await db.deleteFrom('integration').where('name', '=', name).execute();
  return 'removed';
}

async function serversOf(db: Db, integration: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('server')
    .select('name')
    .where('integration', '=', integration)
    .orderBy('name')
    .limit(mostNamed)
    .execute();
  return rows.map((row) => `server ${row.name}`);
}

async function openOrdersOf(db: Db, integration: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('address_order')
    .select('id')
    .where('integration', '=', integration)
    .where('outcome', 'is', null)
    .where('ip', 'is', null)
    .orderBy('id')
    .limit(mostNamed)
    .execute();
  return rows.map((row) => `order ${row.id}`);
}

async function addressesOf(db: Db, integration: string): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('address')
    .select('ip')
    .where('integration', '=', integration)
    .where('state', 'in', ['reserved', 'active', 'releasing'])
    .orderBy('ip')
    .limit(mostNamed)
    .execute();
  return rows.map((row) => `address ${ipText(row.ip)}`);
}
