import type { Fault, FaultKind, Purpose, SimulatedRequest } from '../../../activities/http/simulator/faults.ts';
import { randomOf } from '../../support/seed.ts';
import { unheard } from './fault-mix.ts';
import type { ServerPanel } from './server-panel.ts';

const changing: readonly Purpose[] = ['create', 'write', 'release'];
const looking: readonly Purpose[] = ['read', 'list', 'form'];

const onChange: readonly FaultKind[] = [...unheard, 'session-lost', 'late'];
const onLook: readonly FaultKind[] = ['reset-after', 'status-before', 'truncated-after', 'html-after', 'session-lost'];

export const troubles: readonly string[] = [...new Set([...onChange, ...onLook, 'failed-task'])];

/** A late effect lands well within the fence, also where the machine is busy. */
const lateMs = [50, 1_000] as const;

export interface ServerFaults {
  /** By kind and purpose. */
  readonly fired: Readonly<Record<string, number>>;
  off(): void;
}

/** How many calls are spared before the next one meets a trouble: at least, and at most. */
export type Spared = readonly [least: number, most: number];

export interface Weather {
  readonly onChange: Spared;
  readonly onLook: Spared;
}

/**
 * What can go wrong between the servers' panels and us, seeded. Panels see few changes, so troubles are dealt like cards:
 * none comes again before all the others did. Which calls of a panel meet one is the panel's own count.
 */
export function spoil(panels: readonly ServerPanel[], weather: Weather, seed: number): readonly ServerFaults[] {
  const random = randomOf(seed);
  const decks = { change: deck(onChange, random), look: deck(onLook, random) };
  return panels.map((panel) => {
    const { faults } = panel.simulator;
    const fired: Record<string, number> = {};
    const due = { change: counter(weather.onChange, random), look: counter(weather.onLook, random) };
    const fails = failing(panel);
    faults.hook = ({ purpose }: SimulatedRequest): Fault | undefined => {
      const about = changing.includes(purpose) ? 'change' : looking.includes(purpose) ? 'look' : undefined;
      if (about === undefined) return undefined;
      const kind = due[about]() ? decks[about]() : fails(purpose) ? 'failed-task' : undefined;
      if (kind === undefined) return undefined;
      const name = `${kind} on ${purpose}`;
      fired[name] = (fired[name] ?? 0) + 1;
      if (kind === 'failed-task') return undefined;
      return { kind, ms: Math.round(lateMs[0] + random() * (lateMs[1] - lateMs[0])) };
    };
    return { fired, off: () => (faults.hook = undefined) };
  });
}

/** The second, sixth, tenth… creation that is not spoiled otherwise begins a task that will fail. */
function failing({ failNext }: ServerPanel): (purpose: Purpose) => boolean {
  let creates = 0;
  return (purpose) => {
    if (failNext === undefined || purpose !== 'create') return false;
    creates += 1;
    if (creates % 4 !== 2) return false;
    failNext('unable to allocate image of 10 GiB');
    return true;
  };
}

/** True once, then false for as many calls as are spared. */
function counter([least, most]: Spared, random: () => number): () => boolean {
  let spared = Math.floor(random() * (most + 1));
  return () => {
    spared -= 1;
    if (spared >= 0) return false;
    spared = least + Math.floor(random() * (most - least + 1));
    return true;
  };
}

function deck(all: readonly FaultKind[], random: () => number): () => FaultKind | undefined {
  let left: FaultKind[] = [];
  return () => {
    if (left.length === 0) left = [...all];
    const [drawn] = left.splice(Math.floor(random() * left.length), 1);
    return drawn;
  };
}
