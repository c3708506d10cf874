import type { z } from 'zod';
import type { ModuleCapabilities, ServerConnection, ServerModule } from './server-module.ts';

/** Settings are strings, as `--set NAME=VALUE` gives them; the words of each schema say what is accepted. */
export type SettingsSchema = z.ZodObject<Readonly<Record<string, z.ZodType<string | undefined>>>>;

/** A kind of server: what it can do, what it must be told, and how one is made. */
export interface ModuleDefinition {
  readonly name: string;
  readonly capabilities: ModuleCapabilities;
  /** Without URL, login and secret it cannot work. */
  readonly needsUrl: boolean;
  /** What `--set NAME=VALUE` may say: strings only, unknown names refused. */
  readonly settings: SettingsSchema;
  /** Never throws: a connection that cannot work says so at its first call. */
  create(connection: ServerConnection): ServerModule;
}
