import type { PanelClient } from '../../coremanager/client.ts';
import { asOutcome, asServerRead } from '../outcome.ts';
import type { ModuleCapabilities, ServerModule, ServerOutcome, ServerReport } from '../server-module.ts';
import type { MachinePanel } from './machine-panel.ts';
import { setUp } from './set-up.ts';
import { addAddress, addressesOf, progressOf, remove, removeAddress } from './steps.ts';

export interface MachineModule {
  readonly capabilities: ModuleCapabilities;
  /** Reads, and the end of the connection. */
  readonly client: PanelClient;
  /** The panel for one call of the port that begins now. */
  readonly begin: () => MachinePanel;
  readonly test: () => Promise<ServerReport>;
}

/** The port over a panel of virtual machines. */
export function createMachineModule({ capabilities, client, begin, test }: MachineModule): ServerModule {
  return {
    capabilities,
    setUp: (request) => asOutcome((sent) => setUp({ panel: begin(), request, sent })),
    addAddress: (request) => asOutcome((sent) => addAddress(begin(), request, sent)),
    removeAddress: (request) => asOutcome((sent) => removeAddress(begin(), request, sent)),
    addressesOf: (service) => asServerRead(() => addressesOf(begin(), service)),
    remove: (service) => asOutcome((sent) => remove(begin(), service, sent)),
    progressOf: async (task) => notNothing(await asOutcome(() => progressOf(begin(), task))),
    test: () => asServerRead(test),
    close: () => client.close(),
  };
}

/** A task that cannot be asked about was begun all the same: a refused look is no "nothing of it is there". */
function notNothing(outcome: ServerOutcome): ServerOutcome {
  return outcome.kind === 'refused' ? { kind: 'task-failed', failure: outcome.failure } : outcome;
}
