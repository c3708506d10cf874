import { PanelReadError } from '../../http/panel-read-error.ts';
import type { ServerReport } from '../server-module.ts';
import type { Access } from './access.ts';
import { equal, provenRows, textOf } from './lists.ts';
import { fieldOf } from './refusals.ts';
import type { Settings } from './settings.ts';

/** Where each setting's number is looked up (paths seen: reference 5.3 and its sources). */
const places: readonly { readonly setting: string; readonly path: string; readonly what: string }[] = [
  { setting: 'cluster', path: 'vm/v3/cluster', what: 'cluster' },
  { setting: 'os', path: 'vm/v3/os', what: 'operating system' },
  { setting: 'preset', path: 'vm/v3/preset', what: 'preset' },
  { setting: 'account', path: 'vm/v3/account', what: 'account' },
  { setting: 'node', path: 'vm/v3/node', what: 'node' },
  { setting: 'ip_pool', path: 'vm/v3/ippool', what: 'address pool' },
];

export async function report(access: Access, login: string, settings: Settings): Promise<ServerReport> {
  const [version, roles, ...lacking] = await Promise.all([
    versionOf(access),
    rolesOf(access, login),
    ...places.map(({ setting, path, what }) => lack(access, { path, what, id: settings[setting] })),
  ]);
  // The vendor's own module takes no login but an administrator's (seen: role `@admin`).
  const administrator = roles.includes('@admin');
  const missing = lacking.filter((text) => text !== undefined);
  if (!administrator)
    missing.unshift('The login is no administrator (role @admin): it may not create machines for others');
  return {
    product: 'VMmanager 6',
    version,
    rights: roles.length === 0 ? 'not known' : access.words(roles.join(', ')),
    missing,
  };
}

/** `GET /vm/v3/version` (the path is seen, the form of its answer inferred). A panel that will not say it works all the same. */
async function versionOf(access: Access): Promise<string | null> {
  const answer = await unlessRefused(() => access.look('vm/v3/version'));
  const version = typeof answer === 'string' ? answer : textOf(answer, 'version');
  return version === '' ? null : access.words(version).slice(0, 40);
}

async function rolesOf(access: Access, login: string): Promise<readonly string[]> {
  const rows = await provenRows(access, 'vm/v3/account', equal('email', login));
  const own = rows.find((row) => textOf(row, 'email').toLowerCase() === login.toLowerCase());
  const roles = fieldOf(own, 'roles');
  return Array.isArray(roles) ? roles.filter((role) => typeof role === 'string') : [];
}

interface Looked {
  readonly path: string;
  readonly what: string;
  readonly id: string | undefined;
}

async function lack(access: Access, { path, what, id }: Looked): Promise<string | undefined> {
  if (id === undefined) return undefined;
  const rows = await unlessRefused(() => provenRows(access, path, equal('id', Number(id))));
  if (rows === undefined) return `The login may not see whether there is a ${what} with id ${id}`;
  return rows.length > 0 ? undefined : `VMmanager has no ${what} with id ${id}`;
}

/** Nothing, when the panel itself says no: the rest of the report is worth having. A refused login is said as it is. */
async function unlessRefused<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof PanelReadError && error.said !== undefined && error.failure.code !== 'login-refused')
      return undefined;
    throw error;
  }
}
