import type { PanelClient } from '../../coremanager/client.ts';
import { attribute, childText } from '../../coremanager/tree.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { safeText } from '../../http/safe-text.ts';
import type { ServerReport } from '../server-module.ts';
import { hasTemplate, listVds, presetSizes } from './panel-view.ts';

type Settings = Readonly<Record<string, string>>;

/** What the panel is, what the login may do, and what is missing. Changes nothing. */
export async function report(client: PanelClient, settings: Settings): Promise<ServerReport> {
  const about = { product: 'VDSmanager', version: '4' };
  try {
    const first = await client.read({ func: 'vds', p_num: '1', p_cnt: '1' });
    const binary = (attribute(first, 'binary') ?? '').replace(/^.*\//, '');
    if (binary !== '' && binary !== 'vdsmgr') {
      const missing = [`The URL is that of ${safeText(binary, [], 40)}, not of a VDSmanager 4`];
      return { product: about.product, version: null, rights: 'unknown', missing };
    }
    return { ...about, rights: 'may manage VDSs', missing: await missingThings(client, settings) };
  } catch (error) {
    if (!(error instanceof PanelReadError) || error.failure.code !== 'access-denied') throw error;
    const missing = ['The login may not manage VDSs: give it the right, or use an administrator'];
    return { ...about, rights: 'none', missing };
  }
}

async function missingThings(client: PanelClient, settings: Settings): Promise<readonly string[]> {
  const { preset = '', template = '' } = settings;
  try {
    const sizes = await presetSizes(client, preset);
    await listVds(client, settings);
    return [
      ...(sizes === undefined ? [`The server has no preset named "${preset}"`] : []),
      ...((await hasTemplate(client, settings, template)) ? [] : [`The server has no ready template "${template}"`]),
      ...(await missingIpManager(client, settings['ipmanager'] ?? 'ipmgr')),
    ];
  } catch (error) {
    if (!(error instanceof PanelReadError) || error.failure.code !== 'list-not-complete') throw error;
    return [`${error.failure.message}. If the lists of this panel come whole, say so with lists=whole`];
  }
}

/**
 * PTRs show in VDSmanager only when its own IPmanager form is filled in (documented: reference 5.1). That the form is a
 * function of this name with a field `url` is (inferred).
 */
async function missingIpManager(client: PanelClient, func: string): Promise<readonly string[]> {
  if (func === 'none') return [];
  try {
    const url = childText(await client.read({ func }), 'url')?.trim() ?? '';
    if (url !== '') return [];
    return ["The panel's own IPmanager form is empty: PTRs do not show in VDSmanager until it is filled in"];
  } catch (error) {
    if (!(error instanceof PanelReadError) || error.said === undefined) throw error;
    return [
      `The panel does not show its IPmanager form (function ${func}): look whether it is filled in, as PTRs do not show without it; then name the function with ipmanager=NAME, or set ipmanager=none`,
    ];
  }
}
