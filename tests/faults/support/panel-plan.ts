import type { Fault, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import type { IpManagerSimulator } from '../../../activities/ipmanager/simulator/start.ts';
import type { WorkerProcesses } from './worker-process.ts';

/** What is to happen to particular requests, once each. */
export interface PanelPlan {
  once(about: (request: SimulatedRequest) => boolean, fault: Fault): void;
  /** Kills these workers while this request is at the panel. */
  kill(place: Killing, fault: Fault): void;
  readonly reached: Readonly<Record<string, number>>;
}

export interface Killing {
  readonly name: string;
  readonly about: (request: SimulatedRequest) => boolean;
  readonly workers: Pick<WorkerProcesses, 'killAll'>;
}

interface Planned {
  readonly about: (request: SimulatedRequest) => boolean;
  readonly fault: Fault;
  readonly kills?: Killing;
}

export function createPanelPlan(simulator: IpManagerSimulator): PanelPlan {
  const planned = new Set<Planned>();
  const reached: Record<string, number> = {};
  simulator.faults.hook = (request) => {
    for (const one of planned) {
      if (!one.about(request)) continue;
      planned.delete(one);
      if (one.kills !== undefined) {
        reached[one.kills.name] = (reached[one.kills.name] ?? 0) + 1;
        one.kills.workers.killAll();
      }
      return one.fault;
    }
    return undefined;
  };
  return {
    reached,
    once: (about, fault) => void planned.add({ about, fault }),
    kill: (kills, fault) => void planned.add({ about: kills.about, fault, kills }),
  };
}
