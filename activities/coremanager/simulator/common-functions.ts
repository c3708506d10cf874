import { element, type SimNode } from './node.ts';
import type { PanelDefinition } from './panel.ts';
import { passwordMatches, type Sessions, type SimUser } from './sessions.ts';
import { SimError } from './sim-error.ts';

export interface Identified {
  readonly user: SimUser;
  /** Whose rights count. */
  readonly effective: SimUser;
}

/** `func=auth`: by password, or by a key a superior made (documented: reference/ispsystem-protocol.md 1.3). */
export function login(
  panel: PanelDefinition,
  sessions: Sessions,
  parameters: ReadonlyMap<string, string>,
): readonly SimNode[] {
  if (panel.knobs.login === 'badip') throw new SimError('auth', 'badip');
  const user = panel.userOf(parameters.get('username') ?? '');
  const key = parameters.get('key');
  const known =
    user !== undefined &&
    (key === undefined ? passwordMatches(user, parameters.get('password') ?? '') : sessions.takeKey(user.name, key));
  if (user === undefined || !known) throw new SimError('auth', 'badpassword', 'remote_addr: [127.0.0.1]');
  if (panel.knobs.login === 'second-factor') return [element('ok', 'func=totp.confirm')];
  const id = sessions.open(user.name);
  return [element('auth', id, { id, level: String(user.level) })];
}

/** Who calls: a session, or `authinfo` split at the first colon only; `su` needs an administrator. */
export function identify(
  panel: PanelDefinition,
  sessions: Sessions,
  parameters: ReadonlyMap<string, string>,
): Identified {
  const func = parameters.get('func') ?? '';
  const user = callerOf(panel, sessions, parameters);
  if (user === undefined) throw new SimError('access', func); // a dead session looks like a missing right (seen: 1.6)
  const wanted = panel.knobs.su === 'ignored' ? undefined : parameters.get('su');
  if (wanted === undefined) return { user, effective: user };
  const effective = panel.userOf(wanted);
  if (user.level < 29 || effective === undefined) throw new SimError('access', func);
  return { user, effective };
}

function callerOf(
  panel: PanelDefinition,
  sessions: Sessions,
  parameters: ReadonlyMap<string, string>,
): SimUser | undefined {
  const authinfo = parameters.get('authinfo');
  if (authinfo !== undefined) {
    const colon = authinfo.indexOf(':');
    const user = panel.userOf(authinfo.slice(0, Math.max(colon, 0)));
    if (user === undefined || !passwordMatches(user, authinfo.slice(colon + 1)))
      throw new SimError('auth', 'badpassword');
    return user;
  }
  const name = sessions.userOf(parameters.get('auth') ?? '');
  return name === undefined ? undefined : panel.userOf(name);
}

/** Functions of every panel of this framework; nothing when it is none of them. */
export function commonFunction(
  panel: PanelDefinition,
  sessions: Sessions,
  call: { readonly who: Identified; readonly parameters: ReadonlyMap<string, string> },
): readonly SimNode[] | undefined {
  const { who, parameters } = call;
  const func = parameters.get('func');
  if (func === 'keepalive') return [element('ok')];
  if (func === 'whoami') {
    const { name, level } = who.effective;
    return [element('user', '', { name, level: String(level) }), element('version', panel.version)];
  }
  if (func !== 'session.newkey') return undefined;
  const name = parameters.get('username') ?? '';
  const key = parameters.get('key') ?? '';
  if (who.user.level < 29) throw new SimError('access', 'session.newkey');
  if (panel.userOf(name) === undefined) throw new SimError('missed', 'user', name);
  if (key.length < 16) throw new SimError('value', 'key');
  sessions.addKey(name, key);
  return [element('ok')];
}
