import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities, type Activities } from '../../activities/index.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { createWorld, type World } from '../../activities/ipmanager/simulator/world.ts';
import type { Dialect } from '../../activities/ipmanager/ip-manager.ts';
import type { Ledger } from '../../activities/ledger/ledger.ts';
import { migrate } from '../../activities/ledger/migrate.ts';
import type { IntegrationFields, ServerFields } from '../../activities/ledger/settings.ts';
import { compose, type Composition } from '../../worker/compose.ts';
import { readConfig } from '../../worker/config.ts';
import { runsOf } from '../../worker/runs.ts';
import type { Postgres } from '../../worker/local/postgres.ts';
import type { Temporal } from '../../worker/local/temporal.ts';
import { temporaryFolder } from './folders.ts';
import { takeNamespace } from './namespaces.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { testServers } from './servers.ts';

/**
 * The whole engine for one suite: a database and a namespace of its own, a simulated IPmanager, a worker in this process
 * on a task queue of its own, and a client. Real parts all of them; only time is made short by small time-outs and fences.
 */
export interface Engine {
  readonly ledger: Ledger;
  readonly composition: Composition;
  readonly activities: Activities;
  readonly simulator: IpManagerSimulator;
  readonly client: Client;
  readonly taskQueue: string;
  readonly database: TestDatabase;
  readonly home: string;
  /** Adds a server of module external, or as said. */
  addServer(name: string, fields?: Partial<ServerFields>, secret?: string | null): Promise<void>;
  addTariff(name: string, ipv4: number, ipv6?: number): Promise<void>;
  /** Starts a (new) worker; the one before is stopped first. */
  startWorker(options?: { readonly maxCachedWorkflows?: number }): Promise<void>;
  stopWorker(): Promise<void>;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly world?: World;
  readonly integration?: Partial<IntegrationFields>;
  /** Activities changed for this suite. */
  readonly wrap?: (activities: Activities) => Activities;
  /** Another Temporal than the one all suites share, on its usual namespace. */
  readonly temporal?: Pick<Temporal, 'address' | 'namespace'>;
  /** Another PostgreSQL than the one all suites share. */
  readonly postgres?: Pick<Postgres, 'migrationUrl' | 'applicationUrl'>;
  /** What is not read from the panel before the first order. */
  readonly unread?: boolean;
}

export const password = 'correct horse battery staple';

/** Every line the SDK logged in this suite: read by the canary test, shown only when something is looked for. */
export const sdkLog: string[] = [];
Runtime.install({
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }), forward: {} } },
  logger: new DefaultLogger('INFO', ({ level, message, meta }) => {
    const line = `${level} ${message} ${JSON.stringify(meta)}`;
    sdkLog.push(line);
    if (process.env['IPTALLY_TEST_LOG'] !== undefined) process.stderr.write(`${line}\n`);
  }),
});

export function smallWorld(): World {
  return createWorld({
    networks: ['203.0.113.0/24', '198.51.100.0/25', '2001:db8:100::/64'],
    users: [
      {
        name: 'billing',
        password,
        permissions: [
          { pool: '203.0.113.10-203.0.113.250', groups: ['public'] },
          { pool: '198.51.100.10-198.51.100.120', groups: ['alias'] },
          { pool: '2001:db8:100::/64', groups: ['public', 'alias'] },
        ],
      },
      { name: 'admin', password, level: 30 },
      { name: 'nobody', password },
    ],
  });
}

export const quickIntegration: IntegrationFields = {
  url: '',
  login: 'billing',
  adminLogin: null,
  ignoredGroups: [],
  policy: 'all',
  timeZone: 'UTC',
  coolDownMs: 0,
  quarantineMs: 86_400_000,
  requestTimeoutMs: 1_000,
  fenceMs: 2_000,
  maxAttempts: 6,
  maxConflicts: 10,
  onConflict: 'mark',
  ca: null,
  pin: null,
  allowPlainHttp: true,
  dialectOverrides: {},
};

export async function startEngine(options: EngineOptions = {}): Promise<Engine> {
  const servers = testServers();
  const { postgres } = options;
  const own = postgres && { databaseUrl: postgres.migrationUrl, applicationUrl: postgres.applicationUrl };
  const database = await createDatabase(own);
  const home = temporaryFolder('engine');
  const masterKeyFile = join(home, 'master.key');
  writeFileSync(masterKeyFile, Buffer.alloc(32, 7).toString('base64'), { mode: 0o600 });
  await migrate({ migrationUrl: database.migrationUrl, applicationRole: database.applicationRole });
  const simulator = await startIpManagerSimulator({ world: options.world ?? smallWorld() });
  const config = readConfig({ databaseUrl: database.applicationUrl, masterKeyFile, home });
  const composition = await compose(config);
  const { address, namespace } = options.temporal ?? { address: servers.temporalAddress, namespace: takeNamespace() };
  const connection = await Connection.connect({ address });
  const native = await NativeConnection.connect({ address });
  const client = new Client({ connection, namespace });
  const created = createActivities({ ...composition, runs: runsOf(client), now: Date.now }, (error) =>
    console.error(error),
  );
  const activities = options.wrap?.(created) ?? created;
  const taskQueue = `test-${randomUUID()}`;
  let running: { readonly worker: Worker; readonly ended: Promise<void> } | undefined;

  const fields = { ...quickIntegration, url: simulator.url, ...options.integration };
  await composition.ledger.settings.integrations.add('main', fields, { password, adminPassword: null });
  if (!options.unread) {
    const dialect: Dialect = await (await composition.panels.of('main')).readDialect();
    await composition.ledger.settings.integrations.keepDialect('main', dialect);
  }

  const engine: Engine = {
    ledger: composition.ledger,
    composition,
    activities,
    simulator,
    client,
    taskQueue,
    database,
    home,
    async addServer(name, more = {}, secret = null) {
      const plain = { url: null, login: null, settings: {}, ca: null, pin: null, allowPlainHttp: true };
      const server: ServerFields = {
        module: 'external',
        integration: 'main',
        requestTimeoutMs: 1_000,
        ...plain,
        ...more,
      };
      await composition.ledger.settings.servers.add(name, server, secret);
    },
    async addTariff(name, ipv4, ipv6 = 0) {
      const dedicated = ipv4 + ipv6 > 0;
      await composition.ledger.settings.tariffs.add(name, { dedicated, ipv4, ipv6, group: null });
    },
    async startWorker(more = {}) {
      await engine.stopWorker();
      const worker = await Worker.create({
        connection: native,
        namespace,
        taskQueue,
        activities,
        workflowBundle: { codePath: servers.workflowBundle },
        maxCachedWorkflows: more.maxCachedWorkflows ?? 200,
      });
      running = { worker, ended: worker.run() };
    },
    async stopWorker() {
      running?.worker.shutdown();
      await running?.ended;
      running = undefined;
    },
    async close() {
      await engine.stopWorker();
      await composition.close();
      await connection.close();
      await native.close();
      await simulator.close();
      await database.drop();
      rmSync(home, { recursive: true, force: true });
    },
  };
  await engine.startWorker();
  return engine;
}
