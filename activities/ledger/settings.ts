import type { Dialect } from '../ipmanager/ip-manager.ts';
import type { IntegrationRecord, ServerRecord, SyncSettings, TariffRecord } from './records.ts';

/**
 * What operators set up. Refusals are answers of the union `Refused`; secrets go in by `secrets` and come out only by
 * `secretsOf` (sealed with AES-256-GCM, bound to their row and column; I11).
 */
export interface Settings {
  readonly integrations: Integrations;
  readonly servers: Servers;
  readonly tariffs: Tariffs;
}

export interface Refused {
  readonly refused: 'exists' | 'no-such' | 'same-panel' | 'in-use' | 'no-such-integration';
  /** What stands in the way: names of integrations, services, orders, addresses. */
  readonly because: readonly string[];
}

/** Sync settings that are not given keep their value, or their default in a new integration. */
export type IntegrationFields = Omit<
  IntegrationRecord,
  'name' | 'dialect' | 'tagNotKept' | 'createdAt' | keyof SyncSettings
> &
  Partial<SyncSettings>;

export interface IntegrationSecrets {
  readonly password: string;
  readonly adminPassword: string | null;
}

export interface Integrations {
  /** A second integration with the same URL and login is refused (`same-panel`). */
  add(name: string, fields: IntegrationFields, secrets: IntegrationSecrets): Promise<IntegrationRecord | Refused>;
  edit(
    name: string,
    fields: Partial<IntegrationFields>,
    secrets: Partial<IntegrationSecrets>,
  ): Promise<IntegrationRecord | Refused>;
  /** Refused while orders are open, addresses are held, or servers point to it: with the list. */
  remove(name: string): Promise<'removed' | Refused>;
  /** Keeps what was read from the panel's forms; clears `tagNotKept`. */
  keepDialect(name: string, dialect: Dialect): Promise<void>;
  /** The panel did not keep our tag: no more orders until it is tested again. */
  markTagNotKept(name: string): Promise<void>;
  find(name: string): Promise<IntegrationRecord | undefined>;
  list(): Promise<readonly IntegrationRecord[]>;
  secretsOf(name: string): Promise<IntegrationSecrets>;
}

export type ServerFields = Omit<ServerRecord, 'name' | 'createdAt'>;

export interface Servers {
  add(name: string, fields: ServerFields, secret: string | null): Promise<ServerRecord | Refused>;
  edit(name: string, fields: Partial<ServerFields>, secret?: string): Promise<ServerRecord | Refused>;
  /** Refused while a live service is on it. */
  remove(name: string): Promise<'removed' | Refused>;
  find(name: string): Promise<ServerRecord | undefined>;
  list(): Promise<readonly ServerRecord[]>;
  secretOf(name: string): Promise<string | null>;
}

export type TariffFields = Omit<TariffRecord, 'name' | 'createdAt'>;

export interface Tariffs {
  add(name: string, fields: TariffFields): Promise<TariffRecord | Refused>;
  edit(name: string, fields: Partial<TariffFields>): Promise<TariffRecord | Refused>;
  remove(name: string): Promise<'removed' | Refused>;
  find(name: string): Promise<TariffRecord | undefined>;
  list(): Promise<readonly TariffRecord[]>;
}
