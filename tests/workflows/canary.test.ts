import { describe, expect, test } from '@jest/globals';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { createActivities } from '../../activities/index.ts';
import { hashPassword } from '../../activities/coremanager/simulator/sessions.ts';
import { startIspManagerSimulator } from '../../activities/servers/ispmanager/simulator/start.ts';
import { createIspWorld } from '../../activities/servers/ispmanager/simulator/world.ts';
import { createWorld } from '../../activities/ipmanager/simulator/world.ts';
import { query } from '../support/database.ts';
import { sdkLog } from '../support/engine.ts';
import { orderService, service } from '../support/orders.ts';
import { activeService, fault, openDesk, release, remove, repoint, tagOf } from './support/desk.ts';

/** Marked secrets, odd enough that no encoding of ours could make them look like anything else. */
const secrets = { panel: 'kanari-panel-Zq7!x&=%', server: 'kanari-server-9Kp<y>', wrong: 'kanari-wrong-3Lm' };

/** A text as it is, in a URL, in JSON, in base64: none may be anywhere. */
const disguises = Object.values(secrets).flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  new URLSearchParams({ s: secret }).toString().slice(2),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  Buffer.from(secret).toString('hex'),
  'kanari-',
]);

const world = createWorld({
  networks: ['203.0.113.0/24'],
  users: [
    {
      name: 'marked',
      password: secrets.panel,
      permissions: [{ pool: '203.0.113.10-203.0.113.90', groups: ['public'] }],
    },
  ],
});
const printed: string[] = [];
for (const name of ['log', 'info', 'warn', 'error', 'debug'] as const) {
  console[name] = (...parts: unknown[]) =>
    void printed.push(
      parts.map((part) => (part instanceof Error ? `${part.stack} ${JSON.stringify(part)}` : String(part))).join(' '),
    );
}

const engine = await openDesk({ unread: true, integration: { fenceMs: 400, maxAttempts: 2, requestTimeoutMs: 400 } });
const { ledger, simulator } = engine;
simulator.world.users.set('marked', {
  name: 'marked',
  passwordHash: hashPassword(secrets.panel),
  level: 16,
  permissions: world.users.get('marked')?.permissions ?? [],
});
const main = await ledger.settings.integrations.find('main');
if (main === undefined) throw new Error('main');
await ledger.settings.integrations.add(
  'marked',
  { ...main, login: 'marked' },
  { password: secrets.panel, adminPassword: secrets.panel },
);
await ledger.settings.integrations.add(
  'refused',
  { ...main, login: 'admin' },
  { password: secrets.wrong, adminPassword: null },
);
await ledger.settings.integrations.add(
  'nowhere',
  { ...main, url: 'http://127.0.0.1:9/', login: 'x' },
  { password: secrets.panel, adminPassword: null },
);
for (const name of ['marked', 'refused', 'nowhere']) await engine.addServer(`on-${name}`, { integration: name });
const web = await startIspManagerSimulator({
  world: createIspWorld({ logins: [{ name: 'root', password: secrets.server }] }),
});
const webFields = { module: 'ispmanager-business', url: web.url, login: 'root', integration: 'marked' };
await engine.addServer('web', webFields, secrets.server);
await engine.addServer('web-wrong', { ...webFields, login: 'other' }, secrets.wrong);

const errors: string[] = [];
const seen = async (call: Promise<unknown>) =>
  void (await call.catch((error: unknown) =>
    errors.push(
      `${String(error)} ${JSON.stringify(error)} ${error instanceof Error ? `${error.stack} ${String(error.cause)} ${JSON.stringify(error.cause)}` : ''}`,
    ),
  ));

/** Every text of every column of every table. */
async function tables(): Promise<string> {
  const url = engine.database.migrationUrl;
  const names = await query<{ table_name: string }>(
    url,
    `select table_name from information_schema.tables where table_schema = 'public'`,
  );
  const rows = await Promise.all(
    names.map(({ table_name }) => query<{ row: string }>(url, `select t::text as row from "${table_name}" t`)),
  );
  return rows
    .flat()
    .map(({ row }) => row)
    .join('\n');
}

async function histories(): Promise<string> {
  const texts: string[] = [];
  for await (const run of engine.client.workflow.list({ query: `TaskQueue = '${engine.taskQueue}'` })) {
    const history = await engine.client.workflow.getHandle(run.workflowId, run.runId).fetchHistory();
    const json = historyToJSON(history);
    // Payloads are base64 in there.
    texts.push(
      json,
      ...[...json.matchAll(/"data":\s*"([^"]+)"/g)].map(([, data = '']) => Buffer.from(data, 'base64').toString()),
    );
  }
  expect(texts.length).toBeGreaterThan(5);
  return texts.join('\n');
}

describe('a secret', () => {
  test('is in no history, error, log or table, whatever fails', async () => {
    const at = async (order: string) => ({ purpose: 'create' as const, at: await tagOf(engine, order) });
    const [ok] = await activeService(engine, service('k-1', { server: 'on-marked' }));
    for (const [n, kind] of (
      ['reset-after', 'html-after', 'truncated-after', 'status-after', 'redirect'] as const
    ).entries()) {
      fault(engine, await at(`k-2-${n}/1/ipv4/1`), { kind }, { kind });
    }
    await Promise.all([
      ...[0, 1, 2, 3, 4].map((n) => seen(orderService(engine, service(`k-2-${n}`, { server: 'on-marked' })))),
      seen(orderService(engine, service('k-3', { server: 'on-refused' }))),
      seen(orderService(engine, service('k-4', { server: 'on-nowhere' }))),
      seen(orderService(engine, service('k-5', { server: 'web' }))),
      seen(orderService(engine, service('k-6', { server: 'web-wrong' }))),
      seen((await repoint(engine, ok?.ip ?? '', 'x.example.com')).result()),
    ]);
    await new Promise((next) => setTimeout(next, 4_000));
    await seen((await release(engine, ok?.ip ?? '')).result());
    await seen((await remove(engine, 'k-1')).result());
    await web.close();
    // An error of our own, with the secret in its text, as a driver might make it.
    const broken = createActivities(
      {
        ...engine.composition,
        panels: {
          of: async () => Promise.reject(new Error(secrets.panel)),
          administratorOf: async () => undefined,
        },
        runs: { closedAt: async () => undefined, abandon: async () => 'closed' },
        now: Date.now,
      },
      () => undefined,
    );
    await seen(broken.readDialect('marked'));
    expect(errors.length).toBeGreaterThanOrEqual(3);
    const places = {
      errors: errors.join('\n'),
      printed: printed.join('\n'),
      sdkLog: sdkLog.join('\n'),
      tables: await tables(),
      histories: await histories(),
    };
    for (const [place, text] of Object.entries(places)) {
      for (const disguise of disguises) expect({ place, at: text.indexOf(disguise) }).toEqual({ place, at: -1 });
    }
    expect(places.tables).toContain('on-marked');
    expect(places.histories).toContain('k-1.example.com');
    expect(places.sdkLog.length).toBeGreaterThan(0);
  }, 90_000);
});
