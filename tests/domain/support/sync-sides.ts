import type { Context, Facts, LedgerSide, ListedSide } from '../../../workflows/domain/discrepancy.ts';
import { noFacts } from '../../../workflows/domain/discrepancy.ts';

/** Both sides of an address as tests write them: in step, but for what a case says. */

export const installation = 'aaaaaaaaaaaa';
export const ourTag = `iptally:${installation}:0000000000000001`;
/** Of another order of ours. */
export const otherTag = `iptally:${installation}:0000000000000002`;
export const foreignTag = 'iptally:bbbbbbbbbbbb:0000000000000001';
export const ourLabel = `iptally-${'1'.repeat(32)}`;
export const otherLabel = `iptally-${'2'.repeat(32)}`;
export const now = '2027-03-28T01:15:00.000Z';
export const ptr = 'www.example.com';

type Used = Extract<ListedSide, { kind: 'used' }>;
type Row = Extract<LedgerSide, { kind: 'row' }>;

export const free: ListedSide = { kind: 'free' };
export const unknown: LedgerSide = { kind: 'unknown' };

export function used(but: Partial<Used> = {}): Used {
  return { kind: 'used', group: 'public', ptr, tag: ourTag, label: null, ...but };
}

export function row(but: Partial<Row> = {}): Row {
  return {
    kind: 'row',
    state: 'active',
    integration: 'main',
    service: 'vps-1',
    group: 'public',
    order: 'vps-1/1/ipv4/1',
    tag: ourTag,
    label: ourLabel,
    untagged: false,
    protected: false,
    ptr,
    ptrSeen: ptr,
    quarantineUntil: null,
    version: 3,
    ...but,
  };
}

/** Off its service: as the ledger keeps it while it leaves. */
export function leaving(but: Partial<Row> = {}): Row {
  return row({ state: 'releasing', service: null, ...but });
}

export function quarantined(but: Partial<Row> = {}): Row {
  return leaving({ state: 'quarantined', quarantineUntil: '2027-03-28T12:00:00.000Z', ...but });
}

/** Came by `import`: no order of ours, never tagged. */
export function imported(but: Partial<Row> = {}): Row {
  return row({ order: null, tag: null, label: null, untagged: true, ...but });
}

export function facts(but: Partial<Facts> = {}): Facts {
  return { ...noFacts, tagOf: 'this-order', ...but };
}

export function context(but: Partial<Context> = {}): Context {
  return {
    integration: 'main',
    installation,
    ignoredGroups: new Set(['private']),
    tagImported: false,
    now,
    ...but,
  };
}
