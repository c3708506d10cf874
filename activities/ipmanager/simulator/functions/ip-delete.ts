import type { PanelCall } from '../../../coremanager/simulator/panel.ts';
import { element, type SimNode } from '../../../coremanager/simulator/node.ts';
import { SimError } from '../../../coremanager/simulator/sim-error.ts';
import { isAdministrator, ownAddress } from '../permissions.ts';
import { freePending, noteFreeAt, touch, type SimAddress } from '../world.ts';
import type { WorldContext } from './panel-functions.ts';

/**
 * Gives addresses back; several are joined by `", "` (documented). A user's go to *pending* when that is switched on;
 * an administrator who deletes a pending or a problem address makes it free at once (documented: 2.3).
 */
export function ipDelete(context: WorldContext, call: PanelCall): readonly SimNode[] {
  const { world } = context;
  freePending(world, Date.now());
  const ips = (call.parameters.get('elid') ?? '').split(', ').filter((ip) => ip !== '');
  if (ips.length === 0) throw new SimError('missed', 'elid');
  const addresses = ips.map((ip) => ownAddress(world, call.user, ip));
  for (const address of addresses) giveBack(context, address, isAdministrator(call.user));
  touch(world);
  return [element('ok')];
}

function giveBack({ world, events }: WorldContext, address: SimAddress, administrator: boolean): void {
  if (address.state === 'allocated') events.onRelease?.(address.ip);
  else if (administrator) return void world.addresses.delete(address.ip);
  if (!world.knobs.pendingAfterRelease) return void world.addresses.delete(address.ip);
  address.state = 'pending';
  address.freeAt = Date.now() + world.knobs.pendingMs;
  noteFreeAt(world, address.freeAt);
  address.note = '';
  address.domain = '';
}
