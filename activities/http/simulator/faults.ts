import { randomOf } from './random.ts';

/** What can go wrong between a panel and us, on purpose (reference/reliability.md 2.2). */
export const faultKinds = [
  'reset-before', // P2: cut before any work
  'status-before', // 502 or 503, nothing done
  'session-lost', // P14: the panel forgot the session
  'redirect', // P20
  'delay', // works, later
  'reset-after', // P3: done, then cut
  'no-answer-after', // P4: done, then silence
  'status-after', // P6: done, then 500
  'truncated-after', // P7
  'html-after', // P8: done, then a web page with 200
  'foreign-json-after', // done, then JSON of somebody else
  'wrong-content-type', // P8
  'packed-after', // gzip nobody asked for
  'late', // P5: the client is cut, the work happens later
  'drip', // P10
  'deep-json', // P12
  'endless-body', // P11
  'no-address-after', // done, and the answer does not say which
  'busy-address', // P16: forgets an address that is held and offers it again
  'page-missing', // P15 and below: lists
  'page-twice',
  'short-by-one',
  'total-unlike-sum',
  'empty-list',
  'shrinking',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** `delay`, `late`: how long. `drip`: between two bytes. */
  readonly ms?: number;
  /** `status-before`, `status-after`. */
  readonly status?: number;
  /** `busy-address`: which. */
  readonly ip?: string;
}

/** What a call is for, so that a fault can aim. */
export type Purpose = 'login' | 'list' | 'read' | 'form' | 'create' | 'write' | 'release' | 'other';

export interface SimulatedRequest {
  /** From 1, over the simulator's life. */
  readonly number: number;
  readonly func: string;
  readonly purpose: Purpose;
  readonly user: string;
  /** Without anything secret. */
  readonly parameters: Readonly<Record<string, string>>;
}

interface FaultRate {
  readonly rate: number;
  readonly purposes?: readonly Purpose[];
  readonly ms?: number;
}

export interface FaultOptions {
  readonly hook?: (request: SimulatedRequest) => Fault | undefined;
  readonly rates?: Partial<Record<FaultKind, FaultRate>>;
  readonly seed?: number;
}

export interface Faults {
  /** Decides first; replace it at any time. */
  hook: ((request: SimulatedRequest) => Fault | undefined) | undefined;
  /** Seeded chances, tried in the order of {@link faultKinds} when the hook says nothing. */
  rates: Partial<Record<FaultKind, FaultRate>>;
  /** How often each fired: one that never did proved nothing. */
  readonly counts: Readonly<Partial<Record<FaultKind, number>>>;
  next(request: SimulatedRequest): Fault | undefined;
}

const listKinds: readonly FaultKind[] = [
  'page-missing',
  'page-twice',
  'short-by-one',
  'total-unlike-sum',
  'empty-list',
  'shrinking',
];

export function createFaults(options: FaultOptions = {}): Faults {
  const random = randomOf(options.seed ?? 1);
  const counts: Partial<Record<FaultKind, number>> = {};
  const faults: Faults = {
    hook: options.hook,
    rates: options.rates ?? {},
    counts,
    next(request) {
      const fault = faults.hook?.(request) ?? byChance(faults.rates, request, random);
      if (fault !== undefined) counts[fault.kind] = (counts[fault.kind] ?? 0) + 1;
      return fault;
    },
  };
  return faults;
}

function byChance(rates: Faults['rates'], request: SimulatedRequest, random: () => number): Fault | undefined {
  for (const kind of faultKinds) {
    const chance = rates[kind];
    if (chance === undefined || !(chance.purposes ?? usualPurposes(kind)).includes(request.purpose)) continue;
    if (random() < chance.rate) return { kind, ...(chance.ms === undefined ? {} : { ms: chance.ms }) };
  }
  return undefined;
}

function usualPurposes(kind: FaultKind): readonly Purpose[] {
  if (listKinds.includes(kind)) return ['list'];
  return kind === 'busy-address' || kind === 'no-address-after' ? ['create'] : ['create', 'write', 'release'];
}
