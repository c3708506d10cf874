import type { ModuleDefinition } from '../../activities/servers/module-definition.ts';
import { check } from '../../workflows/inputs/check.ts';
import { IptallyError } from '../../worker/iptally-error.ts';

type Settings = Readonly<Record<string, string>>;

/** The settings of a server with some of them changed; `null` takes one away. The module's own schema reads them. */
export function moduleSettings(
  before: Settings,
  change: Readonly<Record<string, string | null>>,
  module: ModuleDefinition,
): Settings {
  const known = Object.keys(module.settings.shape);
  const unknown = Object.keys(change).find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownSetting(unknown, known, module);
  const merged = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== null));
  const checked = check(module.settings, merged, module.name);
  if (!checked.ok)
    throw notAccepted(checked.failure, { absent: !Object.hasOwn(merged, checked.failure.field ?? ''), module });
  return Object.fromEntries(
    Object.entries(checked.value).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** What it was to be is not repeated: somebody may have taken it for the place of a password (I11). */
function unknownSetting(name: string, known: readonly string[], module: ModuleDefinition): IptallyError {
  const accepted = known.length === 0 ? 'none: this module has no settings' : known.join(', ');
  return new IptallyError({
    code: 'unknown-field',
    message: `module ${module.name} has no setting "${name}"; accepted: ${accepted}`,
    field: name,
    value: name,
    accepted,
    next: `leave out ${name}, or correct its name, and send it again; passwords are no settings; nothing was done`,
    exitStatus: 2,
  });
}

type NotAccepted = Pick<IptallyError, 'field' | 'value' | 'accepted'>;

function notAccepted(
  { field = '', value = '', accepted = '' }: Partial<NotAccepted>,
  { absent, module }: { readonly absent: boolean; readonly module: ModuleDefinition },
): IptallyError {
  const said = absent ? `${field} is missing in` : `${field}: ${JSON.stringify(value)} in`;
  const optional = module.settings.shape[field]?.safeParse(undefined).success === true;
  const away = optional && !absent ? `, or take it away with --unset ${field},` : '';
  return new IptallyError({
    code: 'invalid-input',
    message: `${said} the settings of module ${module.name}; accepted: ${accepted}`,
    field,
    value,
    accepted,
    next: `${absent ? 'give' : 'correct'} --set ${field}=…${away} and send it again; nothing was done`,
    exitStatus: 2,
  });
}
