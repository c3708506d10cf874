import { createHash } from 'node:crypto';
import { createIpManager } from '../activities/ipmanager/http/create-ip-manager.ts';
import type { IpManager } from '../activities/ipmanager/ip-manager.ts';
import type { Ledger } from '../activities/ledger/ledger.ts';
import { connectLedger } from '../activities/ledger/postgres/connect-ledger.ts';
import type { IntegrationRecord, ServerRecord } from '../activities/ledger/records.ts';
import type { IntegrationSecrets } from '../activities/ledger/settings.ts';
import { serverModules } from '../activities/servers/index.ts';
import type { ModuleDefinition } from '../activities/servers/module-definition.ts';
import type { ModuleCapabilities, ServerModule } from '../activities/servers/server-module.ts';
import { requireDatabase, requireMasterKey, type Config } from './config.ts';
import { connections } from './connections.ts';
import { IptallyError } from './iptally-error.ts';

/** Connections to the IPmanagers of the integrations: one object an integration and login, kept while the process lives. */
export interface Panels {
  /** The integration's user login. Throws `IptallyError` `no-such-integration`. */
  of(integration: string): Promise<IpManager>;
  /** The administrator login of the sync, acting as the user (`su`), so that no owner changes; nothing when none was given. */
  administratorOf(integration: string): Promise<IpManager | undefined>;
  close(): Promise<void>;
}

/** The servers' modules, made the same way. */
export interface Servers {
  of(server: string): Promise<ServerModule>;
  capabilitiesOf(module: string): ModuleCapabilities;
  close(): Promise<void>;
}

/** The only place that builds adapters. */
export interface Composition {
  readonly ledger: Ledger;
  readonly panels: Panels;
  readonly servers: Servers;
  close(): Promise<void>;
}

export interface ComposeOptions {
  readonly poolSize?: number;
  /** Told of what must not stop anything, like a master key that others can read. */
  readonly warn?: (text: string) => void;
  /** A worker must have the master key before it takes work; a command only when it comes upon a secret. */
  readonly keyWhenNeeded?: boolean;
}

export async function compose(config: Config, options: ComposeOptions = {}): Promise<Composition> {
  const { keyWhenNeeded = false, ...more } = options;
  const ledger = await connectLedger({
    url: requireDatabase(config),
    masterKeyFile: keyWhenNeeded ? () => requireMasterKey(config) : requireMasterKey(config),
    ...more,
  });
  const panels = panelsOf(ledger);
  const servers = serversOf(ledger);
  return {
    ledger,
    panels,
    servers,
    async close() {
      await panels.close();
      await servers.close();
      await ledger.close();
    },
  };
}

function panelsOf(ledger: Ledger): Panels {
  const { integrations } = ledger.settings;
  const opened = (open: (settings: PanelSettings) => IpManager | undefined) =>
    connections<PanelSettings, IpManager | undefined>({
      what: 'integration',
      find: async (name) => {
        const record = await integrations.find(name);
        return record && { record, secrets: await integrations.secretsOf(name) };
      },
      fingerprint,
      open: async (settings) => open(settings),
      close: async (panel) => panel?.close(),
    });
  const users = opened(({ record, secrets }) => panelOf(record, record.login, secrets.password));
  const administrators = opened(({ record, secrets }) =>
    record.adminLogin === null || secrets.adminPassword === null
      ? undefined
      : panelOf({ ...record, actAs: record.login }, record.adminLogin, secrets.adminPassword),
  );
  return {
    async of(name) {
      const panel = await users.of(name);
      if (panel === undefined) throw new Error('a user login always has a panel');
      return panel;
    },
    administratorOf: (name) => administrators.of(name),
    async close() {
      await users.close();
      await administrators.close();
    },
  };
}

interface PanelSettings {
  readonly record: IntegrationRecord;
  readonly secrets: IntegrationSecrets;
}

/** Changes with any setting and with a new password, and tells neither (I11). */
function fingerprint(settings: object): string {
  return createHash('sha256').update(JSON.stringify(settings)).digest('base64');
}

function panelOf(record: IntegrationRecord & { readonly actAs?: string }, login: string, password: string): IpManager {
  const { url, ca, pin, allowPlainHttp, requestTimeoutMs, dialect, dialectOverrides, actAs } = record;
  return createIpManager({
    url,
    login,
    password,
    trust: { ca, pin, allowPlainHttp, allowPrivate: true },
    requestTimeoutMs,
    ...(actAs === undefined ? {} : { actAs }),
    ...(dialect === null ? {} : { dialect }),
    overrides: dialectOverrides,
  });
}

function serversOf(ledger: Ledger): Servers {
  const { servers } = ledger.settings;
  const opened = connections<{ readonly record: ServerRecord; readonly secret: string | null }, ServerModule>({
    what: 'server',
    find: async (name) => {
      const record = await servers.find(name);
      return record && { record, secret: await servers.secretOf(name) };
    },
    fingerprint,
    open: async ({ record, secret }) => openServer(record, secret),
    close: (module) => module.close(),
  });
  return {
    of: (name) => opened.of(name),
    capabilitiesOf: (module) => definitionOf(module).capabilities,
    close: () => opened.close(),
  };
}

/** A module's object for a server, saved or not yet (`server test` before `server add`). */
export function openServer(record: ServerRecord, secret: string | null): ServerModule {
  const { name, url, login, settings, requestTimeoutMs, ca, pin, allowPlainHttp } = record;
  const trust = { ca, pin, allowPlainHttp, allowPrivate: true };
  return definitionOf(record.module).create({ name, url, login, secret, settings, requestTimeoutMs, trust });
}

/** The modules there are, with what each must be told. */
export function modules(): Readonly<Record<string, ModuleDefinition>> {
  return serverModules;
}

function definitionOf(module: string): ModuleDefinition {
  const definition = serverModules[module];
  if (definition !== undefined) return definition;
  throw new IptallyError({
    code: 'no-such-module',
    message: `there is no server module ${module}`,
    field: 'module',
    value: module,
    accepted: Object.keys(serverModules).join(', '),
    next: 'choose one of the accepted modules',
    exitStatus: 2,
  });
}
