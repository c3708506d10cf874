import { z } from 'zod';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import { createFaults, type FaultOptions, type Faults } from '../../../http/simulator/faults.ts';
import { startSimulatorServer } from '../../../http/simulator/server.ts';
import { createStateFile, readState } from '../../../http/simulator/state-file.ts';
import { PvePanel } from './panel.ts';
import { createTickets } from './sessions.ts';
import { createPveWorld, type PveWorld } from './world.ts';

export interface ProxmoxVeSimulatorOptions {
  readonly port?: number;
  readonly stateFile?: string;
  readonly world?: PveWorld;
  readonly hooks?: FaultOptions;
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ProxmoxVeSimulator {
  readonly url: string;
  readonly port: number;
  readonly world: PveWorld;
  readonly faults: Faults;
  readonly log: readonly CallRecord[];
  loseSessions(): void;
  lateWorkDone(): Promise<void>;
  close(): Promise<void>;
}

/** A Proxmox VE cluster on this machine, seen through one of its nodes. */
export async function startProxmoxVeSimulator(options: ProxmoxVeSimulatorOptions = {}): Promise<ProxmoxVeSimulator> {
  const world = options.world ?? createPveWorld({ logins: [] });
  restore(world, readState(options.stateFile));
  const faults = createFaults(options.hooks);
  const state = createStateFile({
    file: options.stateFile,
    revision: () => world.revision,
    text: () => stateText(world),
  });
  const tickets = createTickets(world);
  const server = await startSimulatorServer({
    panel: new PvePanel(world, tickets, () => state.saved()),
    faults,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.tls === undefined ? {} : { tls: options.tls }),
  });
  return {
    url: server.origin,
    port: server.port,
    world,
    faults,
    log: server.log,
    loseSessions: () => tickets.loseAll(),
    lateWorkDone: () => server.lateWorkDone(),
    close: () => server.close(),
  };
}

const config = z.record(z.string(), z.string());
const vmid = z.number();

const stored = z.object({
  format: z.literal(1),
  guests: z.array(
    z.object({
      vmid,
      node: z.string(),
      type: z.enum(['lxc', 'qemu', 'openvz']),
      status: z.enum(['running', 'stopped']),
      lock: z.string(),
      config,
      template: z.boolean(),
      madeAt: z.number(),
    }),
  ),
  tasks: z.array(
    z.object({
      upid: z.string(),
      node: z.string(),
      type: z.string(),
      id: z.string(),
      user: z.string(),
      work: z.discriminatedUnion('kind', [
        z.object({ kind: z.enum(['create', 'clone']), vmid, config }),
        z.object({ kind: z.enum(['start', 'stop', 'destroy']), vmid }),
        z.object({ kind: z.literal('resize'), vmid, disk: z.string(), size: z.string() }),
      ]),
      startedAt: z.number(),
      endsAt: z.number().nullable(),
      failure: z.string().nullable(),
      exit: z.string().nullable(),
    }),
  ),
});

function stateText({ guests, tasks }: PveWorld): string {
  return JSON.stringify({ format: 1, guests: [...guests.values()], tasks });
}

/** Logins, nodes and storages are always those the caller gives. */
function restore(world: PveWorld, state: unknown): void {
  if (state === undefined) return;
  const read = stored.parse(state);
  world.guests.clear();
  for (const guest of read.guests) world.guests.set(guest.vmid, guest);
  world.tasks.splice(0, world.tasks.length, ...read.tasks);
}
