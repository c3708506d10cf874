import type { Family } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { safeText } from '../../http/safe-text.ts';
import type { PanelSession } from '../../coremanager/session.ts';
import {
  attribute,
  child,
  children,
  childNames,
  childText,
  rawText,
  textOf,
  type PanelNode,
} from '../../coremanager/tree.ts';
import type { Dialect } from '../ip-manager.ts';
import { choices, fieldOf } from './form.ts';

/** `iptally:` and the two hashes: what a note must be able to keep (design.md 7). */
const tagLength = 37;

export const defaultDialect: Omit<Dialect, 'login' | 'readAt'> = {
  product: 'IPmanager',
  version: null,
  level: null,
  administrator: false,
  groups: [],
  families: ['ipv4', 'ipv6'],
  tagInAllocation: 'note',
  releaseFunction: 'ip.delete',
  dummy: false,
  format: 'json',
};

export interface DialectSource {
  readonly client: PanelClient;
  readonly login: string;
  readonly now: () => Date;
}

/** Reads what this panel is and what this login may do from its own forms. Changes nothing. */
export async function readDialect(source: DialectSource): Promise<Dialect> {
  const { client } = source;
  client.forgetSession();
  const session = await client.session();
  client.setFormat(session.format);
  const create = await createForm(client);
  const list = create === undefined ? undefined : await client.read({ func: 'ip', p_num: '1', p_cnt: '1' });
  const held = list === undefined ? undefined : await anyForm(client, list);
  const who = await whoAmI(client);
  const forms = { create, list, held };
  const groups = create === undefined ? undefined : choices(create, 'iptype');
  return {
    ...defaultDialect,
    product: product(session, create),
    version: version(who, session),
    login: source.login,
    level: session.level,
    administrator: (session.level ?? 0) >= 29, // seen as provider, inferred as administrator (reference 1.3)
    groups: (groups ?? []).map((group) => safeText(group, [])),
    families: families(create),
    tagInAllocation: tagPlace(forms),
    releaseFunction: releaseFunction(list),
    dummy: create === undefined || groups?.length === 0 || binary(session) === 'ispmgr',
    format: session.format,
    readAt: source.now().toISOString(),
  };
}

/** The form of a new address. None: the login has no right to it, or this is no IPmanager: the *dummy* kind. */
async function createForm(client: PanelClient): Promise<PanelNode | undefined> {
  try {
    return await client.read({ func: 'ip.edit' });
  } catch (error) {
    const type = error instanceof PanelReadError ? error.said : undefined;
    if (type === 'access' || type === 'missed' || type === 'func') return undefined;
    throw error;
  }
}

async function anyForm(client: PanelClient, list: PanelNode): Promise<PanelNode | undefined> {
  const row = children(list, 'elem')[0];
  const elid = row === undefined ? undefined : rawText(row, 'ip');
  if (elid === undefined || elid === '') return undefined;
  try {
    return await client.read({ func: 'ip.edit', elid });
  } catch (error) {
    if (error instanceof PanelReadError && error.said !== undefined) return undefined; // given back meanwhile, or another's
    throw error;
  }
}

/**
 * Whom the panel takes the caller for: `whoami` (seen: reference 1.3), its form inferred. The echo of our own parameters is no
 * answer, so only the element about the user is read.
 */
export async function userNamed(client: PanelClient): Promise<string | undefined> {
  const who = await whoAmI(client);
  const user = who === undefined ? undefined : child(who, 'user');
  if (user === undefined) return undefined;
  return attribute(user, 'name') || childText(user, 'name') || textOf(user).trim() || undefined;
}

async function whoAmI(client: PanelClient): Promise<PanelNode | undefined> {
  try {
    return await client.read({ func: 'whoami' });
  } catch (error) {
    if (error instanceof PanelReadError && error.said !== undefined) return undefined; // a panel without it
    throw error;
  }
}

interface Forms {
  readonly create: PanelNode | undefined;
  readonly list: PanelNode | undefined;
  readonly held: PanelNode | undefined;
}

/**
 * Where the tag can travel: in the note when the form of a new address has one; else as a host label in `domain`, when
 * the note can be written later; a panel that keeps no note, or too short a one, gets no orders (`tag-not-kept`).
 */
function tagPlace(forms: Forms): Dialect['tagInAllocation'] {
  const places = [forms.create, forms.held, forms.list]
    .filter((doc) => doc !== undefined)
    .map((doc) => fieldOf(doc, 'note'));
  if (places.some(({ maxLength }) => maxLength !== undefined && maxLength < tagLength)) return 'none';
  if (forms.create === undefined || places[0]?.present === true) return 'note';
  if (places.some(({ present }) => present)) return 'domain';
  // No address held and a list that describes no columns: nothing speaks against a note that can be written later.
  const silent = forms.held === undefined && (forms.list === undefined || !describesColumns(forms.list));
  return silent ? 'domain' : 'none';
}

function describesColumns(list: PanelNode): boolean {
  const metadata = child(list, 'metadata');
  return metadata !== undefined && childNames(metadata).length > 0;
}

/** The delete button of the list's own toolbar names the function; by convention it is `ip.delete` (inferred: 2.3). */
function releaseFunction(list: PanelNode | undefined): string {
  const metadata = list === undefined ? undefined : child(list, 'metadata');
  const toolbar = metadata === undefined ? undefined : child(metadata, 'toolbar');
  const buttons = toolbar === undefined ? [] : allButtons(toolbar, 0);
  const named = buttons.find(
    (button) => attribute(button, 'type') === 'group' && attribute(button, 'name') === 'delete',
  );
  const func = named === undefined ? undefined : attribute(named, 'func');
  return func !== undefined && /^[a-z0-9._]{1,60}$/.test(func) ? func : defaultDialect.releaseFunction;
}

function allButtons(node: PanelNode, depth: number): readonly PanelNode[] {
  const below = childNames(node).flatMap((name) => children(node, name).map((inner) => ({ name, inner })));
  return below.flatMap(({ name, inner }) => [
    ...(name === 'toolbtn' ? [inner] : []),
    ...(depth < 4 ? allButtons(inner, depth + 1) : []),
  ]);
}

function families(create: PanelNode | undefined): readonly Family[] {
  const told = create === undefined ? undefined : choices(create, 'family');
  if (told === undefined) return defaultDialect.families;
  const plain = new Set(told.map((key) => key.toLowerCase()));
  return (['ipv4', 'ipv6'] as const).filter((family) => plain.has(family));
}

function binary(session: PanelSession): string {
  return (attribute(session.doc, 'binary') ?? '').replace(/^.*\//, '');
}

function product(session: PanelSession, create: PanelNode | undefined): string {
  const metadata = create === undefined ? undefined : child(create, 'metadata');
  const manager = binary(session) || (metadata === undefined ? '' : (attribute(metadata, 'mgr') ?? ''));
  if (manager === '' || manager === 'ipmgr') return 'IPmanager';
  return manager === 'ispmgr' ? 'ispmanager' : safeText(manager, [], 40);
}

function version(who: PanelNode | undefined, session: PanelSession): string | null {
  const told = (who === undefined ? undefined : childText(who, 'version')) ?? attribute(session.doc, 'version') ?? '';
  return told === '' ? null : safeText(told, [], 40);
}
