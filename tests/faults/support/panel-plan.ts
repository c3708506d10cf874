import type { Fault, SimulatedRequest } from '../../../activities/coremanager/simulator/faults.ts';
import type { IpManagerSimulator } from '../../../activities/ipmanager/simulator/start.ts';

/** What is to happen to particular requests, once each. */
export interface PanelPlan {
  once(about: (request: SimulatedRequest) => boolean, fault: Fault): void;
  /** Kills the workers while this request is at the panel. */
  kill(name: string, about: (request: SimulatedRequest) => boolean, fault: Fault): void;
  readonly reached: Readonly<Record<string, number>>;
}

interface Planned {
  readonly about: (request: SimulatedRequest) => boolean;
  readonly fault: Fault;
  readonly kills?: string;
}

export function createPanelPlan(simulator: IpManagerSimulator, killWorkers: () => void): PanelPlan {
  const planned = new Set<Planned>();
  const reached: Record<string, number> = {};
  simulator.faults.hook = (request) => {
    for (const one of planned) {
      if (!one.about(request)) continue;
      planned.delete(one);
      if (one.kills !== undefined) {
        reached[one.kills] = (reached[one.kills] ?? 0) + 1;
        killWorkers();
      }
      return one.fault;
    }
    return undefined;
  };
  return {
    reached,
    once: (about, fault) => void planned.add({ about, fault }),
    kill: (kills, about, fault) => void planned.add({ about, fault, kills }),
  };
}
