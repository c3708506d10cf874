import type { SlowKnobs, SlowWork } from '../../../activities/coremanager/simulator/slow-work.ts';
import type { VmWorld } from '../../../activities/servers/vmmanager6/simulator/world.ts';

/** Lets work go on that hangs. */
export function goOn(knobs: SlowKnobs, works: Iterable<SlowWork>): void {
  knobs.hang = false;
  for (const work of works) work.hangs = false;
}

/** Lets tasks end that hang. */
export function endTasks(world: VmWorld): void {
  world.knobs.hang = false;
  for (const task of world.tasks.values()) task.endsAt ??= Date.now();
}
