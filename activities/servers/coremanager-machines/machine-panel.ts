import type { PanelMutation } from '../../coremanager/client.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';

/** A virtual machine as its panel lists it. */
export interface Machine {
  /** What the panel calls it by: a number, or its main address. */
  readonly id: string;
  readonly name: string;
  /** Its main address; nothing while the panel does not tell one. */
  readonly main: string | undefined;
  readonly work: 'none' | 'installing' | 'deleting';
  /** What the panel marks it with when something went wrong, as it came; empty when nothing did. */
  readonly problem: string;
}

export interface HeldAddress {
  readonly ip: string;
  /** What the panel calls the row by. */
  readonly row: string;
}

/** How a creation went, and whether something beside the machine was made for it in this very call. */
export interface Creation {
  readonly name: string;
  readonly answer: PanelMutation;
  readonly madeBeside: boolean;
}

/**
 * One panel of virtual machines, as the shared steps use it. Reads throw `PanelReadError`; each of the others is one
 * request.
 */
export interface MachinePanel {
  /** What the panel calls a machine: VM, VDS. */
  readonly noun: string;
  /** All of them, proven complete (I12). */
  machines(): Promise<readonly Machine[]>;
  isOf(machine: Machine, service: ServiceOnServer): boolean;
  addressesOf(machine: Machine): Promise<readonly HeldAddress[]>;
  /** The panel's words when its installation ended badly. */
  installFailure(machine: Machine): Promise<string | undefined>;
  /** Looks up what the creation needs, then asks for it; a refusal of ours comes as an outcome. */
  create(service: ServiceOnServer, main: string, sent: () => void): Promise<Creation | ServerOutcome>;
  give(machine: Machine, address: { readonly ip: string; readonly ptr: string }): Promise<PanelMutation>;
  take(machine: Machine, address: HeldAddress): Promise<PanelMutation>;
  /** Makes another of its addresses the main one; where that is missing, a main address goes like any other. */
  readonly moveMain?: (machine: Machine, to: string) => Promise<PanelMutation>;
  /** What is still to be put right once a machine has its addresses. */
  readonly finish?: (machine: Machine, service: ServiceOnServer, sent: () => void) => Promise<ServerOutcome>;
  remove(machine: Machine): Promise<PanelMutation>;
  /** Removes what was made for a service beside its machine, or finds it gone. */
  removeBeside(service: ServiceOnServer, sent: () => void): Promise<ServerOutcome>;
}
