import type { Limits, Progress } from '../../../workflows/domain/allocation.ts';
import type { Event, Step } from '../../../workflows/domain/allocation-steps.ts';

/**
 * A tiny panel and a tiny ledger around the protocol of one order, simpler than the real ones on purpose: what the panel
 * holds with this order's tag, what is still on its way to it, and what the ledger knows of each address. It answers each
 * step and writes down every rule that was broken (design.md 3 and 4).
 */
export type Fault =
  | 'none'
  /** Done, and the answer is lost. */
  | 'lost-after'
  /** Never arrived, and nobody can tell. */
  | 'lost-before'
  /** Done later, within the fence. */
  | 'late'
  | 'not-sent'
  | 'not-logged-in'
  /** Done and answered, but the panel did not keep the tag. */
  | 'untagged'
  /** Done and answered, and the tag was cut. */
  | 'cut'
  /** Done and answered, with another address than the one asked for. */
  | 'replaced'
  | 'ptr-refused'
  | 'removing'
  | 'other-family';

export type Known = 'free' | 'busy' | 'quarantined';

export interface Scene {
  /** Offered lowest first; `busy` is on a live service, `quarantined` waits for another customer's sake. */
  readonly pool: readonly Known[];
  /** What earlier runs of this order left behind at the panel. */
  readonly left: readonly Known[];
  readonly attempts: number;
  readonly wanted: boolean;
  readonly limits: Limits;
  /** One for each step, then none. */
  readonly faults: readonly Fault[];
  /** The run is stopped when this many steps are done. */
  readonly stopAfter: number | null;
}

export interface Protocol {
  readonly begin: (order: { attempts: number; wanted: string | null; limits: Limits }) => Progress;
  readonly advance: (progress: Progress, event: Event, stop: boolean) => Progress;
}

export interface Ending {
  readonly step: Step;
  readonly steps: number;
  readonly broken: readonly string[];
}

const failure = { code: 'x', message: 'x', next: 'x' };
type Tag = 'ours' | 'cut' | 'none';

interface World {
  readonly scene: Scene;
  /** Held at the panel for us, with what it kept of the tag. */
  readonly held: Map<string, Tag>;
  readonly row: Map<string, 'busy' | 'quarantined' | 'bound'>;
  readonly noted: Set<string>;
  readonly onItsWay: string[];
  readonly broken: Set<string>;
  /** Sent without a clear answer since the last look. */
  inDoubt: boolean;
  everInDoubt: boolean;
  fenced: boolean;
  looksSinceRequest: number;
  lastWasUnknown: boolean;
  requests: number;
  fruitless: number;
  conflicts: number;
  kept: string | undefined;
}

/** Far more than any order within its limits needs. */
const mostSteps = 400;

export function play(scene: Scene, protocol: Protocol): Ending {
  const world = worldOf(scene);
  let progress = protocol.begin({
    attempts: scene.attempts,
    wanted: scene.wanted ? '10.0.0.0' : null,
    limits: scene.limits,
  });
  let steps = 0;
  for (; steps < mostSteps; steps += 1) {
    const { step } = progress;
    if (step.do === 'close' || step.do === 'stopped' || step.do === 'done') break;
    const event = perform(world, step, scene.faults[steps] ?? 'none');
    progress = protocol.advance(progress, event, scene.stopAfter !== null && steps >= scene.stopAfter);
  }
  if (steps === mostSteps) world.broken.add('I6: it never ends');
  judge(world, progress.step);
  return { step: progress.step, steps, broken: [...world.broken] };
}

function worldOf(scene: Scene): World {
  const row = new Map<string, 'busy' | 'quarantined' | 'bound'>();
  scene.pool.forEach((kind, n) => kind !== 'free' && row.set(`10.0.0.${n}`, kind));
  const held = new Map<string, Tag>();
  scene.left.forEach((kind, n) => {
    held.set(`10.0.1.${n}`, 'ours');
    if (kind !== 'free') row.set(`10.0.1.${n}`, kind);
  });
  const doubted = scene.attempts > 0;
  return {
    scene,
    held,
    row,
    noted: new Set(),
    onItsWay: [],
    broken: new Set(),
    inDoubt: doubted,
    everInDoubt: doubted,
    fenced: false,
    looksSinceRequest: 0,
    lastWasUnknown: doubted,
    requests: 0,
    fruitless: 0,
    conflicts: 0,
    kept: undefined,
  };
}

type Working = Exclude<Step, { do: 'close' | 'stopped' | 'done' }>;

function perform(world: World, step: Working, fault: Fault): Event {
  switch (step.do) {
    case 'request':
      return request(world, fault);
    case 'back-off':
      return { kind: 'backed-off' };
    case 'fence':
      for (const ip of world.onItsWay.splice(0)) world.held.set(ip, 'ours');
      world.fenced = true;
      return { kind: 'fence-over' };
    case 'find':
      return find(world);
    case 'claim':
      return claim(world, step.ip, fault);
    case 'mark':
      if (!world.noted.has(step.ip)) world.broken.add('I5: a mark on an address without a recorded conflict');
      return { kind: 'marked' };
    case 'write-ptr':
      return writePtr(world, step.ip, fault);
    case 'give-back':
      return giveBack(world, step.ips);
    case 'hand-back':
      world.broken.add('an address of this very run is taken for one of an earlier run');
      return giveBack(world, [step.ip]);
  }
}

function request(world: World, fault: Fault): Event {
  if (world.inDoubt) world.broken.add('I7: a request while an earlier one is in doubt');
  if (world.row.size > 0 && [...world.row.values()].includes('bound'))
    world.broken.add('I7: a request beside an address');
  world.requests += 1;
  world.looksSinceRequest = 0;
  world.fenced = false;
  world.lastWasUnknown = false;
  if (fault === 'not-logged-in') return { kind: 'not-logged-in', failure };
  if (fault === 'not-sent') {
    world.fruitless += 1;
    return { kind: 'not-sent', failure };
  }
  const ip = fault === 'lost-before' ? undefined : offered(world, fault);
  if (ip === undefined && fault !== 'lost-before') return { kind: 'refused', failure };
  const lost = fault === 'lost-before' || fault === 'lost-after' || fault === 'late';
  if (ip !== undefined) {
    if (fault === 'late') world.onItsWay.push(ip);
    else world.held.set(ip, fault === 'untagged' ? 'none' : fault === 'cut' ? 'cut' : 'ours');
  }
  if (!lost && ip !== undefined) return { kind: 'allocated', ip };
  doubt(world);
  return { kind: 'unknown', failure };
}

function doubt(world: World): void {
  world.inDoubt = true;
  world.everInDoubt = true;
  world.fenced = false;
  world.lastWasUnknown = true;
  world.fruitless += 1;
}

function offered(world: World, fault: Fault): string | undefined {
  const taken = (ip: string) => world.held.has(ip) || world.onItsWay.includes(ip);
  if (world.scene.wanted && fault !== 'replaced') return taken('10.0.0.0') ? undefined : '10.0.0.0';
  return world.scene.pool.map((_, n) => `10.0.0.${n}`).find((ip) => !taken(ip));
}

function find(world: World): Event {
  if (world.inDoubt && !world.fenced) world.broken.add('I12: a look before the fence is over');
  world.inDoubt = false;
  world.looksSinceRequest += 1;
  const ips = [...world.held].filter(([ip, tag]) => tag === 'ours' && !world.noted.has(ip)).map(([ip]) => ip);
  return { kind: 'found', ips };
}

function claim(world: World, ip: string, fault: Fault): Event {
  const tag = world.held.get(ip);
  if (tag === undefined || tag === 'none') {
    doubt(world);
    return { kind: 'not-ours' };
  }
  if (tag === 'cut') return { kind: 'tag-cut' };
  const known = world.row.get(ip);
  if (known === 'busy') {
    world.conflicts += 1;
    world.noted.add(ip);
    return { kind: 'in-use', mark: ip !== '10.0.0.2' };
  }
  if (known === 'quarantined') {
    world.fruitless += 1;
    world.noted.add(ip);
    return { kind: 'withheld' };
  }
  const [has] = [...world.row].find(([, kind]) => kind === 'bound') ?? [];
  if (has !== undefined && has !== ip) return { kind: 'extra', has };
  if (fault === 'removing') return { kind: 'removing', failure };
  if (fault === 'other-family') return { kind: 'wrong-family' };
  world.row.set(ip, 'bound');
  return { kind: 'claimed' };
}

function writePtr(world: World, ip: string, fault: Fault): Event {
  if (world.row.get(ip) !== 'bound') world.broken.add('I5: a PTR on an address that is not this order’s');
  if (fault === 'ptr-refused') return { kind: 'ptr-refused', failure };
  world.kept = ip;
  return { kind: 'ptr-written' };
}

function giveBack(world: World, ips: readonly string[]): Event {
  const strays: string[] = [];
  for (const ip of ips) {
    const known = world.row.get(ip);
    const tag = world.held.get(ip);
    if (tag === undefined || tag === 'none') strays.push(ip);
    else if (known === 'busy' || known === 'quarantined') world.noted.add(ip);
    else {
      if (ip === world.kept) world.kept = undefined;
      world.held.delete(ip);
      world.row.delete(ip);
    }
  }
  return { kind: 'given-back', strays };
}

function judge(world: World, step: Step): void {
  const { scene, broken } = world;
  // What is still on its way lands after the end: nobody looks any more.
  for (const ip of world.onItsWay.splice(0)) world.held.set(ip, 'ours');
  const bound = [...world.row].filter(([, kind]) => kind === 'bound').map(([ip]) => ip);
  const kept = step.do === 'done' ? [step.ip] : [];
  if (scene.wanted && kept.some((ip) => ip !== '10.0.0.0'))
    broken.add('it keeps another address than the one asked for');
  if (bound.join(' ') !== kept.join(' ')) broken.add('I7: it holds something else than it ends with');
  if (step.do === 'done' && world.kept !== step.ip) broken.add('it ends with an address whose PTR is not written');
  for (const [ip, tag] of world.held) {
    if (tag !== 'none' && !kept.includes(ip) && !world.noted.has(ip)) broken.add('I3: an address leaks');
  }
  if (world.fruitless > scene.limits.maxAttempts + slack(scene)) broken.add('more attempts than allowed');
  if (world.conflicts > scene.limits.maxConflicts + scene.left.length + 1) broken.add('more conflicts than allowed');
  const looks = world.everInDoubt && step.do === 'close' ? (world.lastWasUnknown ? 2 : 1) : 0;
  if (world.looksSinceRequest < looks) broken.add('it closes in doubt without a last look');
}

/** A tag that is not there when read costs an attempt too, also behind the last request. */
function slack({ left, stopAfter }: Scene): number {
  return 1 + left.length + (stopAfter === null ? 0 : 1);
}
