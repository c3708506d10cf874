import {
  type Fault,
  type FaultKind,
  type Purpose,
  type SimulatedRequest,
} from '../../../activities/http/simulator/faults.ts';
import { randomOf } from '../../support/seed.ts';

/** One kind of trouble for some kinds of calls. */
export interface Trouble {
  readonly kind: FaultKind;
  readonly purposes: readonly Purpose[];
  readonly rate: number;
  readonly ms?: readonly [least: number, most: number];
}

/** Ways in which nobody hears what became of a change. */
export const unheard = [
  'reset-before',
  'status-before',
  'reset-after',
  'no-answer-after',
  'status-after',
  'truncated-after',
  'html-after',
] as const satisfies readonly FaultKind[];

const taking: readonly Purpose[] = ['create'];
const changing: readonly Purpose[] = ['write', 'release'];
const looking: readonly Purpose[] = ['read', 'list'];

/** What the issue lists, at `rate` each on calls that take an address, and a little of it on all the others. */
export function faultMix(rate: number, lateMs: readonly [number, number]): readonly Trouble[] {
  const small = rate / 5;
  const onChange: readonly FaultKind[] = [
    'status-before',
    'reset-after',
    'no-answer-after',
    'status-after',
    'html-after',
  ];
  return [
    ...unheard.map((kind) => ({ kind, purposes: taking, rate })),
    { kind: 'late', purposes: taking, rate, ms: lateMs },
    { kind: 'busy-address', purposes: taking, rate: small },
    { kind: 'no-address-after', purposes: taking, rate: small },
    { kind: 'session-lost', purposes: taking, rate: small },
    ...onChange.map((kind) => ({ kind, purposes: changing, rate: small })),
    { kind: 'late', purposes: changing, rate: small, ms: lateMs },
    ...(['status-before', 'reset-after', 'truncated-after'] as const).map((kind) => ({
      kind,
      purposes: looking,
      rate: small,
    })),
    { kind: 'short-by-one', purposes: ['list'], rate },
    { kind: 'total-unlike-sum', purposes: ['list'], rate },
  ];
}

const applied: readonly Purpose[] = ['create', ...changing];

/** One in twenty of all calls of a sync's apply fails, in every way. */
export const applyMix: readonly Trouble[] = [
  ...unheard.map((kind) => ({ kind, purposes: applied, rate: 0.05 })),
  { kind: 'late', purposes: applied, rate: 0.05, ms: [50, 800] },
  { kind: 'session-lost', purposes: applied, rate: 0.05 },
  { kind: 'status-before', purposes: ['read'], rate: 0.05 },
  { kind: 'truncated-after', purposes: ['read'], rate: 0.05 },
];

export interface Mix {
  readonly hook: (request: SimulatedRequest) => Fault | undefined;
  /** How often each fired, by kind and purpose. */
  readonly fired: Readonly<Record<string, number>>;
  /** Kinds and purposes that never did: they proved nothing. */
  unfired(): readonly string[];
}

/** Calls of one purpose after which a kind that chance has left out is dealt by hand. */
const dealtAfter = 12;

/** Seeded: each call meets at most one trouble, and each kind comes up once at least. */
export function mixOf(troubles: readonly Trouble[], seed: number): Mix {
  const random = randomOf(seed);
  const fired: Record<string, number> = {};
  const kinds = new Set<FaultKind>();
  const calls: Partial<Record<Purpose, number>> = {};
  return {
    fired,
    hook(request) {
      const { purpose } = request;
      const call = (calls[purpose] ?? 0) + 1;
      calls[purpose] = call;
      for (const { kind, purposes, rate, ms } of troubles) {
        const due = !kinds.has(kind) && call > dealtAfter;
        if (!purposes.includes(purpose) || (random() >= rate && !due)) continue;
        const name = `${kind} on ${purpose}`;
        fired[name] = (fired[name] ?? 0) + 1;
        kinds.add(kind);
        return { kind, ...(ms === undefined ? {} : { ms: Math.round(ms[0] + random() * (ms[1] - ms[0])) }) };
      }
      return undefined;
    },
    unfired: () => [...new Set(troubles.map(({ kind }) => kind))].filter((kind) => !kinds.has(kind)),
  };
}
