import { z } from 'zod';
import type { ServerFields } from '../../activities/ledger/settings.ts';
import type { ServerRecord } from '../../activities/ledger/records.ts';
import type { ModuleDefinition } from '../../activities/servers/module-definition.ts';
import { name } from '../../workflows/inputs/fields.ts';
import { IptallyError } from '../../worker/iptally-error.ts';
import { accepted } from '../accepted.ts';
import { ca, durationBetween, login, panelUrl, pin, wrongInput } from './fields.ts';
import { or } from './integration.ts';
import { moduleSettings } from './module-settings.ts';

/** The modules there are, by name. */
type Modules = Readonly<Record<string, ModuleDefinition>>;

/** What may be said of a server. `null` takes a value away. `url` is checked by `panelUrl`. */
export const serverChange = z.strictObject({
  url: z.string().nullish(),
  login: login.nullish(),
  integration: name.nullish(),
  settings: z.record(z.string(), z.string().nullable()).optional(), // read by the module's own schema
  requestTimeout: durationBetween('100ms', '10m').optional(),
  ca: ca.nullish(),
  pin: pin.nullish(),
  allowPlainHttp: z.boolean('accepted: true or false').optional(),
});

export const newServer = serverChange.extend({ name, module: z.string({ error: 'accepted: the name of a module' }) });

/** A new server as the ledger keeps it. */
export async function serverFields(input: unknown, modules: Modules, trustPrivate: boolean): Promise<ServerFields> {
  const value = accepted(newServer, input, 'server');
  const module = knownModule(value.module, modules);
  const start: ServerFields = {
    module: module.name,
    url: null,
    login: null,
    integration: null,
    settings: {},
    requestTimeoutMs: 90_000,
    ca: null,
    pin: null,
    allowPlainHttp: false,
  };
  return changed({ start, change: value, module, trustPrivate });
}

/** A server with some of its fields changed; its module stays. */
export async function changedServer(
  before: ServerRecord,
  input: unknown,
  options: { readonly modules: Modules; readonly trustPrivate: boolean },
): Promise<ServerFields> {
  const module = knownModule(before.module, options.modules);
  return changed({
    start: before,
    change: accepted(serverChange, input, 'server'),
    module,
    trustPrivate: options.trustPrivate,
  });
}

function knownModule(module: string, modules: Modules): ModuleDefinition {
  const found = Object.hasOwn(modules, module) ? modules[module] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(modules).join(', ');
  throw new IptallyError({
    code: 'invalid-input',
    message: `module: "${module}" in server: accepted: ${names}`,
    field: 'module',
    value: module,
    accepted: names,
    next: 'correct module and send it again; nothing was done',
    exitStatus: 2,
  });
}

async function changed(it: {
  readonly start: ServerFields;
  readonly change: z.output<typeof serverChange>;
  readonly module: ModuleDefinition;
  readonly trustPrivate: boolean;
}): Promise<ServerFields> {
  const { start, change, module } = it;
  const { settings, requestTimeout, url, ca: newCa, pin: newPin } = change;
  if (newCa && newPin) {
    throw wrongInput('pin', newPin, { why: 'a certificate file is given too', accepted: '--ca or --pin, not both' });
  }
  const fields: ServerFields = {
    module: start.module,
    url: start.url,
    login: or(change.login, start.login),
    integration: or(change.integration, start.integration),
    allowPlainHttp: change.allowPlainHttp ?? start.allowPlainHttp,
    settings: moduleSettings(start.settings, settings ?? {}, module),
    requestTimeoutMs: requestTimeout ?? start.requestTimeoutMs,
    ca: newCa === undefined ? (newPin ? null : start.ca) : newCa,
    pin: newPin === undefined ? (newCa ? null : start.pin) : newPin,
  };
  const { allowPlainHttp } = fields;
  const wanted = url === undefined ? fields.url : url;
  const place = wanted === null ? null : await panelUrl(wanted, { allowPlainHttp, allowPrivate: it.trustPrivate });
  return complete({ ...fields, url: place }, module);
}

/** Where and as whom belong together; most modules speak to a panel and need both. */
function complete(fields: ServerFields, module: ModuleDefinition): ServerFields {
  if (module.needsUrl && fields.url === null) throw missing('url', `the module ${module.name} speaks to a panel`);
  if (fields.url !== null && fields.login === null) throw missing('login', 'a URL alone opens nothing');
  if (fields.url === null && fields.login !== null) throw missing('url', 'a login is given without a place');
  return fields;
}

function missing(field: 'url' | 'login', why: string): IptallyError {
  const words = field === 'url' ? 'the address of the panel, like https://panel.example.com:1500' : 'the login there';
  return wrongInput(field, 'nothing', { why, accepted: words });
}
