import { afterEach, describe, expect, test } from '@jest/globals';
import { faultKinds, type FaultKind, type Purpose } from '../../activities/http/simulator/faults.ts';
import type { IpManager } from '../../activities/ipmanager/ip-manager.ts';
import { mark, Panels, smallWorld } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

/** What a mutation comes to under each fault; the panel's work behind it is a second matter. */
const mutationRows: readonly { readonly kind: FaultKind; readonly outcome: string; readonly worked: boolean }[] = [
  { kind: 'reset-before', outcome: 'unknown', worked: false },
  { kind: 'reset-after', outcome: 'unknown', worked: true },
  { kind: 'no-answer-after', outcome: 'unknown', worked: true },
  { kind: 'status-before', outcome: 'unknown', worked: false },
  { kind: 'status-after', outcome: 'unknown', worked: true },
  { kind: 'truncated-after', outcome: 'unknown', worked: true },
  { kind: 'html-after', outcome: 'unknown', worked: true },
  { kind: 'foreign-json-after', outcome: 'unknown', worked: true },
  { kind: 'wrong-content-type', outcome: 'unknown', worked: true },
  { kind: 'packed-after', outcome: 'unknown', worked: true },
  { kind: 'late', outcome: 'unknown', worked: true },
  { kind: 'drip', outcome: 'unknown', worked: true },
  { kind: 'deep-json', outcome: 'unknown', worked: true },
  { kind: 'endless-body', outcome: 'unknown', worked: true },
  { kind: 'redirect', outcome: 'unknown', worked: false },
  { kind: 'session-lost', outcome: 'not-logged-in', worked: false },
  { kind: 'delay', outcome: 'done', worked: true },
];

/** Where the time is what decides: the rest may take as long as a busy machine needs. */
const patience = (kind: FaultKind) =>
  kind === 'no-answer-after' || kind === 'drip' ? { requestTimeoutMs: 2_000 } : {};

const mutations: readonly {
  readonly purpose: Purpose;
  readonly run: (ipm: IpManager) => Promise<{ readonly kind: string }>;
}[] = [
  { purpose: 'create', run: (ipm) => ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }) },
  { purpose: 'write', run: (ipm) => ipm.write({ ip: '203.0.113.9', ptr: 'new.example.com' }) },
  { purpose: 'release', run: (ipm) => ipm.release('203.0.113.9') },
];

const held = { ip: '203.0.113.9', owner: 'billing', group: 'public', note: 'by hand', domain: 'old.example.com' };

describe.each(mutations)('a mutation ($purpose)', ({ purpose, run }) => {
  test.each(mutationRows)('is one request and $outcome under $kind (I7)', async ({ kind, outcome, worked }) => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: [held] }) });
    const ipm = panels.client(panel.url, patience(kind));
    await ipm.read(held.ip);
    panel.faults.hook = (request) => (request.purpose === purpose ? { kind, ms: 60 } : undefined);
    const got = await run(ipm);
    await panel.lateWorkDone();
    const wanted = outcome === 'done' && purpose === 'create' ? 'allocated' : outcome;
    expect(got.kind).toBe(wanted);
    const sent = panel.log.filter((record) => record.purpose === purpose);
    expect(sent).toHaveLength(1);
    expect(sent[0]?.worked).toBe(worked);
    expect(panel.faults.counts[kind]).toBe(1);
  });

  test('is not sent when nobody listens', async () => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: [held] }) });
    const ipm = panels.client(panel.url);
    await panel.close();
    expect((await run(ipm)).kind).toBe('not-sent');
  });

  test('is not sent when the login gets no clear answer', async () => {
    const panel = await panels.panel();
    panel.faults.hook = (request) => (request.purpose === 'login' ? { kind: 'status-before', status: 503 } : undefined);
    expect((await run(panels.client(panel.url))).kind).toBe('not-sent');
    expect(panel.log.every((record) => record.purpose === 'login')).toBe(true);
  });

  test('is not sent to a panel that blocks our address', async () => {
    const panel = await panels.panel({ world: smallWorld({ clientBlocked: true }) });
    expect(await run(panels.client(panel.url))).toMatchObject({
      kind: 'not-sent',
      failure: { code: 'panel-blocks-us' },
    });
  });
});

test('an answer that names no address is unknown', async () => {
  const panel = await panels.panel();
  panel.faults.hook = (request) => (request.purpose === 'create' ? { kind: 'no-address-after' } : undefined);
  const outcome = await panels.client(panel.url).allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
  expect(outcome).toMatchObject({ kind: 'unknown', failure: { code: 'answer-without-address' } });
  expect(panel.allocations().get(mark(1).tag)).toBe(1);
});

test('the panel may offer an address that is held already: the order gets it, its old mark is gone', async () => {
  const panel = await panels.panel();
  const ipm = panels.client(panel.url);
  const first = await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
  panel.faults.hook = (request) => (request.purpose === 'create' ? { kind: 'busy-address' } : undefined);
  expect(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(2) })).toEqual(first);
  expect(panel.world.addresses.get('203.0.113.2')?.note).toBe(mark(2).tag);
});

test('a mutation whose login took too long is not sent: nothing leaves after the caller gave up', async () => {
  const panel = await panels.panel();
  panel.faults.hook = (request) => (request.purpose === 'login' ? { kind: 'delay', ms: 2_200 } : undefined);
  const ipm = panels.client(panel.url, { requestTimeoutMs: 4_000 });
  const request = { family: 'ipv4', group: 'public', mark: mark(1) } as const;
  expect(await ipm.allocate(request)).toMatchObject({ kind: 'not-sent', failure: { code: 'panel-too-slow' } });
  expect(panel.allocations().size).toBe(0);
  expect((await ipm.allocate(request)).kind).toBe('allocated'); // the session is there now
});

test('a mutation that waits too long for a free connection is not sent', async () => {
  const panel = await panels.panel();
  panel.faults.hook = (request) => (request.purpose === 'create' ? { kind: 'delay', ms: 2_200 } : undefined);
  const ipm = panels.client(panel.url, { requestTimeoutMs: 4_000, connections: 1 });
  await ipm.read('203.0.113.7');
  const outcomes = await Promise.all(
    [1, 2, 3].map((number) => ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(number) })),
  );
  expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['allocated', 'not-sent', 'not-sent']);
  expect(panel.log.filter(({ purpose }) => purpose === 'create')).toHaveLength(1);
});

test('ten calls at once log in once', async () => {
  const panel = await panels.panel();
  const ipm = panels.client(panel.url);
  await Promise.all(Array.from({ length: 10 }, () => ipm.read('203.0.113.7')));
  expect(panel.log.filter((record) => record.purpose === 'login')).toHaveLength(1);
});

test('a session idle for longer than the panel keeps one is not tried', async () => {
  const panel = await panels.panel();
  let now = 0;
  const ipm = panels.client(panel.url, { now: () => now });
  await ipm.read('203.0.113.7');
  now += 49 * 60_000;
  await ipm.read('203.0.113.7');
  now += 51 * 60_000;
  await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
  expect(panel.log.filter((record) => record.purpose === 'login')).toHaveLength(2);
});

test.each([
  ['badip', { login: 'badip' }],
  ['a second factor', { login: 'second-factor' }],
] as const)('a login that ends in %s is refused in words', async (_name, knobs) => {
  const panel = await panels.panel({ world: smallWorld(knobs) });
  const outcome = await panels.client(panel.url).allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
  expect(outcome).toMatchObject({ kind: 'not-logged-in', failure: { code: 'login-refused' } });
  expect(panel.world.addresses.size).toBe(0);
});

/** What a read comes to; `retryable` decides whether an activity tries again. */
const readRows: readonly { readonly kind: FaultKind; readonly code: string; readonly retryable: boolean }[] = [
  { kind: 'reset-before', code: 'panel-answer-cut', retryable: true },
  { kind: 'no-answer-after', code: 'panel-no-answer', retryable: true },
  { kind: 'status-before', code: 'panel-status', retryable: true },
  { kind: 'status-after', code: 'panel-status', retryable: true },
  { kind: 'truncated-after', code: 'panel-answer-cut', retryable: true },
  { kind: 'html-after', code: 'panel-answer-foreign', retryable: false },
  { kind: 'foreign-json-after', code: 'panel-answer-foreign', retryable: true },
  { kind: 'wrong-content-type', code: 'panel-answer-foreign', retryable: false },
  { kind: 'packed-after', code: 'panel-answer-foreign', retryable: false },
  { kind: 'drip', code: 'panel-no-answer', retryable: true },
  { kind: 'deep-json', code: 'panel-answer-foreign', retryable: true },
  { kind: 'endless-body', code: 'panel-answer-too-large', retryable: false },
  { kind: 'redirect', code: 'panel-redirects', retryable: false },
];

test.each(readRows)('a read under $kind throws $code', async ({ kind, code, retryable }) => {
  const panel = await panels.panel({ world: smallWorld({}, { addresses: [held] }) });
  const ipm = panels.client(panel.url, patience(kind));
  await ipm.read(held.ip);
  panel.faults.hook = (request) => (request.purpose === 'read' ? { kind, ms: 60 } : undefined);
  await expect(ipm.read(held.ip)).rejects.toMatchObject({ name: 'RemoteError', retryable, failure: { code } });
  expect(panel.log.filter((record) => record.purpose === 'read')).toHaveLength(2);
});

test('seeded rates repeat exactly, and count what fired', async () => {
  const runs = [];
  for (let run = 0; run < 2; run += 1) {
    const panel = await panels.panel({
      hooks: { seed: 7, rates: { 'reset-after': { rate: 0.3 }, 'status-after': { rate: 0.3 } } },
    });
    const ipm = panels.client(panel.url);
    const kinds = [];
    for (let number = 1; number <= 10; number += 1) {
      kinds.push((await ipm.allocate({ family: 'ipv6', group: 'public', mark: mark(number) })).kind);
    }
    runs.push({ kinds, counts: panel.faults.counts });
  }
  expect(runs[0]).toEqual(runs[1]);
  expect(runs[0]?.counts['reset-after']).toBeGreaterThan(0);
  expect(runs[0]?.counts['status-after']).toBeGreaterThan(0);
});

test('every fault there is stands in a table of these suites', () => {
  const tested = new Set<FaultKind>([
    ...mutationRows.map(({ kind }) => kind),
    ...readRows.map(({ kind }) => kind),
    'no-address-after',
    'busy-address',
    // ip-manager-lists.test.ts
    'page-missing',
    'page-twice',
    'short-by-one',
    'total-unlike-sum',
    'empty-list',
    'shrinking',
  ]);
  expect(faultKinds.filter((kind) => !tested.has(kind))).toEqual([]);
});
