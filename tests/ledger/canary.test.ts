import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { openWorld, panel, server, type World } from './world.ts';

/** Looked for wherever something is written or thrown (I11). */
const canary = 'canary-7d3f9a';
const key = Buffer.alloc(32, 99).toString('hex');

let world: World;
beforeAll(async () => {
  world = await openWorld();
  await world.ledger.settings.integrations.add(
    'secret',
    { ...panel, login: 'secret' },
    { password: `${canary}-1`, adminPassword: `${canary}-2` },
  );
  await world.ledger.settings.servers.add('secret', server, `${canary}-3`);
});
afterAll(() => world.close());

test('the passwords come out again, and only by their own methods', async () => {
  expect(await world.ledger.settings.integrations.secretsOf('secret')).toEqual({
    password: `${canary}-1`,
    adminPassword: `${canary}-2`,
  });
  expect(await world.ledger.settings.servers.secretOf('secret')).toBe(`${canary}-3`);
  const shown = [await world.ledger.settings.integrations.list(), await world.ledger.settings.servers.list()];
  expect(JSON.stringify(shown)).not.toContain(canary);
  expect(JSON.stringify(shown)).not.toContain('v1.');
});

test('no table holds one in clear', async () => {
  const tables = await world.sql<{ name: string }>(
    `select tablename as name from pg_tables where schemaname = 'public'`,
  );
  expect(tables.length).toBeGreaterThan(12);
  for (const { name } of tables) {
    const found = await world.sql(`select 1 from "${name}" t where t::text like ?`, [`%${canary}%`]);
    expect([name, found]).toEqual([name, []]);
  }
});

test('a sealed password that was moved to another row or column does not open there', async () => {
  await world.ledger.settings.integrations.add(
    'thief',
    { ...panel, login: 'thief' },
    { password: 'own', adminPassword: null },
  );
  await world.sql(
    `update integration set password_sealed = (select password_sealed from integration where name = 'secret') where name = 'thief'`,
  );
  expect(await thrownSafely(() => world.ledger.settings.integrations.secretsOf('thief'))).toBe('SecretError');
  await world.sql(
    `update integration set password_sealed = (select admin_password_sealed from integration where name = 'secret') where name = 'secret'`,
  );
  expect(await thrownSafely(() => world.ledger.settings.integrations.secretsOf('secret'))).toBe('SecretError');
  await world.sql(`update server set secret_sealed = left(secret_sealed, -1) where name = 'secret'`);
  expect(await thrownSafely(() => world.ledger.settings.servers.secretOf('secret'))).toBe('SecretError');
});

test('with another master key nothing opens', async () => {
  const other = `${world.masterKeyFile}.other`;
  writeFileSync(other, key, { mode: 0o600 });
  const ledger = await connectLedger({ url: world.database.applicationUrl, masterKeyFile: other });
  try {
    expect(await thrownSafely(() => ledger.settings.integrations.secretsOf('panel'))).toBe('SecretError');
  } finally {
    await ledger.close();
  }
});

// Values that PostgreSQL refuses: its own error would tell the whole row, and the statement with it.
test.each([
  ['a check', () => world.ledger.settings.tariffs.add(canary, { dedicated: true, ipv4: 33, ipv6: 0, group: null })],
  ['a null byte', () => world.ledger.settings.servers.add('null', { ...server, login: `${canary}\0` }, null)],
  [
    'a number too large',
    () => world.ledger.settings.tariffs.add(canary, { dedicated: true, ipv4: 9e15, ipv6: 0, group: null }),
  ],
  [
    'a missing column',
    async () => {
      await world.sql('alter table lock rename column reason to why');
      try {
        return await world.ledger.locks.acquire({
          key: canary,
          reason: canary,
          run: { workflowId: canary, runId: canary },
        });
      } finally {
        await world.sql('alter table lock rename column why to reason');
      }
    },
  ],
  [
    'a table one may not read',
    async () => {
      await world.sql(`revoke all on conflict from "${world.database.applicationRole}"`);
      return world.ledger.addresses.conflicts({ order: canary });
    },
  ],
] as const)('an error after %s holds no value, no statement and no cause', async (_, call) => {
  expect(await thrownSafely(call)).toMatch(/^Ledger(ContractBroken|Unavailable)$/);
});

test('an error of a lost connection does not hold the URL with its password', async () => {
  const url = Object.assign(new URL(world.database.applicationUrl), { password: canary }).toString();
  expect(await thrownSafely(() => connectLedger({ url, masterKeyFile: world.masterKeyFile }))).toBe(
    'LedgerUnavailable',
  );
  const closed = Object.assign(new URL(url), { port: '1' }).toString();
  expect(await thrownSafely(() => connectLedger({ url: closed, masterKeyFile: world.masterKeyFile }))).toBe(
    'LedgerUnavailable',
  );
});

/** The name of what was thrown, once it was looked through: no canary, no statement, no detail, no cause. */
async function thrownSafely(call: () => Promise<unknown>): Promise<string> {
  const error = await call().then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (typeof error !== 'object' || error === null || !('name' in error)) throw new Error('nothing was thrown');
  const text = inspect(error, { depth: 10, showHidden: true });
  expect(text).not.toContain(canary);
  expect(text).not.toContain(key);
  expect(text).not.toMatch(/insert into|select "|update "|detail:|constraint/i);
  expect(error).not.toHaveProperty('cause');
  return String(error.name);
}
