import { PanelReadError } from '../../http/panel-read-error.ts';
import { guestPath } from './cluster-view.ts';
import type { Guest } from './find-guest.ts';
import type { Panel } from './panel.ts';
import { arrayOrRecord, type Fields } from './values.ts';

/**
 * The addresses a guest works with just now. The configuration says what is wanted: of a running guest, changes that could
 * not be applied wait beside it for the next start, and `current=1` leaves them out (documented: API viewer).
 */
export async function addressesInForce(panel: Panel, { listed, config, running }: Guest): Promise<readonly string[]> {
  if (!running || listed.kind.type === 'openvz') return running ? listed.kind.addressesIn(config) : [];
  return listed.kind.addressesIn((await currentConfig(panel, `${guestPath(listed)}/config`)) ?? config);
}

/** Nothing where the version does not know the word: there a change is in the configuration once it is applied. */
async function currentConfig(panel: Panel, path: string): Promise<Fields | undefined> {
  try {
    return arrayOrRecord(await panel.read(`${path}?current=1`));
  } catch (error) {
    if (error instanceof PanelReadError && error.said === 'invalid') return undefined;
    throw error;
  }
}
