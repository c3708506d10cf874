import type { TariffRecord } from '../records.ts';
import type { Refused, TariffFields, Tariffs } from '../settings.ts';
import type { Database } from './database.ts';
import { tariffRecord } from './setting-rows.ts';
import type { Db, Row } from './tables.ts';

export function tariffsIn(database: Database): Tariffs {
  return {
    add: (name, fields) => database.transact((db) => add(db, name, fields)),
    edit: (name, fields) => database.transact((db) => edit(db, name, fields)),
    remove: (name) => database.transact((db) => remove(db, name)),
    find: (name) =>
      database.read(async (db) => {
        const row = await find(db, name);
        return row === undefined ? undefined : tariffRecord(row);
      }),
    list: () =>
      database.read(async (db) =>
        (await db.selectFrom('tariff').selectAll().orderBy('name').execute()).map(tariffRecord),
      ),
  };
}

function find(db: Db, name: string): Promise<Row<'tariff'> | undefined> {
  return db.selectFrom('tariff').selectAll().where('name', '=', name).executeTakeFirst();
}

async function add(db: Db, name: string, fields: TariffFields): Promise<TariffRecord | Refused> {
  if ((await find(db, name)) !== undefined) return { refused: 'exists', because: [name] };
  const row = await db
    .insertInto('tariff')
    .values({ name, ...columns(fields) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return tariffRecord(row);
}

async function edit(db: Db, name: string, fields: Partial<TariffFields>): Promise<TariffRecord | Refused> {
  const known = await db.selectFrom('tariff').selectAll().where('name', '=', name).forNoKeyUpdate().executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const { name: _name, createdAt: _at, ...before } = tariffRecord(known);
  const row = await db
    .updateTable('tariff')
    .set(columns({ ...before, ...fields }))
    .where('name', '=', name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return tariffRecord(row);
}

function columns(fields: TariffFields) {
  const { dedicated, ipv4, ipv6, group } = fields;
  return { dedicated, ipv4, ipv6, address_group: group };
}

/** Refused while a live service is under it: what it may have is asked again at every order. */
async function remove(db: Db, name: string): Promise<'removed' | Refused> {
  const known = await db.selectFrom('tariff').select('name').where('name', '=', name).forUpdate().executeTakeFirst();
  if (known === undefined) return { refused: 'no-such', because: [name] };
  const live = await db
    .selectFrom('service')
    .select('id')
    .where('tariff', '=', name)
    .where('state', '!=', 'removed')
    .orderBy('id')
    .limit(100)
    .execute();
  if (live.length > 0) return { refused: 'in-use', because: live.map((row) => `service ${row.id}`) };
  await db.deleteFrom('tariff').where('name', '=', name).execute();
  return 'removed';
}
