import type { PanelFunction } from '../../../coremanager/simulator/panel.ts';
import type { World } from '../world.ts';
import { networkFunctions } from './networks.ts';
import { ipDelete } from './ip-delete.ts';
import { ipEdit } from './ip-edit.ts';
import { ipList } from './ip-list.ts';
import { userFunctions } from './users.ts';

/** What a checker hangs in, at the moment something happens. */
export interface WorldEvents {
  /** Called while the address is still held, right before it is given back (I4 is checked here). */
  readonly onRelease?: (ip: string) => void;
  readonly onAllocate?: (ip: string, note: string) => void;
}

export interface WorldContext {
  readonly world: World;
  readonly events: WorldEvents;
}

/** All functions of IPmanager that are simulated, by name. */
export function panelFunctions(context: WorldContext): Readonly<Record<string, PanelFunction>> {
  return {
    ip: (call) => ipList(context, call),
    'ip.edit': (call) => ipEdit(context, call),
    [context.world.knobs.releaseFunction]: (call) => ipDelete(context, call),
    ...networkFunctions(context),
    ...userFunctions(context),
  };
}
