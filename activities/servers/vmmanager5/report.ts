import type { PanelClient } from '../../coremanager/client.ts';
import { attribute, childText } from '../../coremanager/tree.ts';
import { safeText } from '../../http/safe-text.ts';
import type { ServerReport } from '../server-module.ts';
import { namedRows, templateDoubt } from './panel-view.ts';

/** What the panel is, what the login may do, and which of the settings it does not have. Changes nothing. */
export async function report(client: PanelClient, settings: Readonly<Record<string, string>>): Promise<ServerReport> {
  const session = await client.session();
  const version = childText(await client.read({ func: 'whoami' }), 'version')?.trim() ?? '';
  const level = session.level ?? 0;
  const binary = (attribute(session.doc, 'binary') ?? '').replace(/^.*\//, '');
  const missing: string[] = [];
  if (binary !== '' && binary !== 'vmmgr')
    missing.push(`The URL is that of ${safeText(binary, [], 40)}, not of a VMmanager 5`);
  else if (level < 29) missing.push('The login is no administrator: it may not make machines for others');
  else missing.push(...(await missingSettings(client, settings)));
  return {
    product: 'VMmanager',
    version: version === '' ? null : safeText(version, [], 40),
    rights: level >= 29 ? `administrator (level ${level})` : `user (level ${level})`,
    missing,
  };
}

async function missingSettings(
  client: PanelClient,
  { preset = '', template = '', node, user }: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  const named = async (func: string, name: string): Promise<boolean> =>
    (await namedRows(client, func)).some((row) => row.name === name);
  // Clients seen send a node's id or its name: both are known.
  const isNode = async (wanted: string): Promise<boolean> =>
    (await namedRows(client, 'vmhostnode')).some(({ id, name }) => [id, name].includes(wanted));
  const [hasPreset, doubt, hasNode, hasUser] = await Promise.all([
    named('preset', preset),
    templateDoubt(client, template),
    node === undefined || node === 'auto' || isNode(node),
    user === undefined || named('user', user),
  ]);
  return [
    ...(hasPreset ? [] : [`The server has no preset named "${preset}"`]),
    ...(doubt === undefined ? [] : [doubt]),
    ...(hasNode ? [] : [`The server has no node named "${node}"`]),
    ...(hasUser ? [] : [`The server has no user named "${user}"`]),
  ];
}
