import type { World } from '../world.ts';

/** With or without the dot at the end; one form is kept. */
export function domainOf(parameters: ReadonlyMap<string, string>): string {
  return (parameters.get('domain') ?? '').replace(/\.$/, '');
}

export function noteOf(world: World, parameters: ReadonlyMap<string, string>): string {
  if (world.knobs.note === 'absent') return '';
  return (parameters.get('note') ?? '').slice(0, world.knobs.noteLength ?? undefined);
}
