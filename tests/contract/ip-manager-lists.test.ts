import { afterEach, describe, expect, test } from '@jest/globals';
import type { FaultKind } from '../../activities/http/simulator/faults.ts';
import type { ListedRow } from '../../activities/ipmanager/ip-manager.ts';
import type { SimAddress } from '../../activities/ipmanager/simulator/world.ts';
import { Panels, smallWorld } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

function manyRows(count: number): readonly Pick<SimAddress, 'ip' | 'owner' | 'group'>[] {
  return Array.from({ length: count }, (_, at) => ({ ip: `198.51.100.${at + 1}`, owner: 'billing', group: 'alias' }));
}

const spoiled: readonly FaultKind[] = [
  'page-missing',
  'page-twice',
  'short-by-one',
  'total-unlike-sum',
  'empty-list',
  'shrinking',
];

describe('a list that is not proven complete is an error, never a part (I12)', () => {
  test.each(spoiled)('%s', async (kind) => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(7) }) });
    const ipm = panels.client(panel.url, { pageSize: 3 });
    panel.faults.hook = (request) => (request.purpose === 'list' ? { kind } : undefined);
    await expect(ipm.list()).rejects.toMatchObject({ failure: { code: 'list-not-complete' }, retryable: true });
    const stream = async () => {
      for await (const page of ipm.pages()) void page;
    };
    await expect(stream()).rejects.toMatchObject({ name: 'RemoteError', failure: { code: 'list-not-complete' } });
  });

  test.each(spoiled)('%s once: the list is read again', async (kind) => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(7) }) });
    const ipm = panels.client(panel.url, { pageSize: 3 });
    await ipm.read('198.51.100.1');
    let spoil = 2;
    panel.faults.hook = (request) => (request.purpose === 'list' && spoil-- > 0 ? { kind } : undefined);
    expect((await ipm.list()).rows).toHaveLength(7);
  });

  test('a session that ends between two pages starts the listing anew: two are never mixed', async () => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(7) }) });
    const ipm = panels.client(panel.url, { pageSize: 3 });
    panel.faults.hook = (request) => {
      const second = request.purpose === 'list' && request.parameters['p_num'] === '2';
      return second && panel.faults.counts['session-lost'] === undefined ? { kind: 'session-lost' } : undefined;
    };
    expect((await ipm.list()).rows).toHaveLength(7);
    const asked = panel.log.filter(({ purpose }) => purpose === 'list').map(({ parameters }) => parameters['p_num']);
    expect(asked).toEqual(['1', '2', '1', '2', '3']);
    expect(panel.log.filter(({ purpose }) => purpose === 'login')).toHaveLength(2);
  });

  test('a panel that fails on a page fails the list', async () => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(7) }) });
    const ipm = panels.client(panel.url, { pageSize: 3 });
    panel.faults.hook = (request) => (request.parameters['p_num'] === '3' ? { kind: 'status-before' } : undefined);
    await expect(ipm.list()).rejects.toMatchObject({ failure: { code: 'panel-status' }, retryable: true });
  });

  test('a cancelled listing ends at once', async () => {
    const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(7) }) });
    const ipm = panels.client(panel.url, { pageSize: 3 });
    const abort = new AbortController();
    const listing = ipm.list({ signal: abort.signal, onPage: () => abort.abort() });
    await expect(listing).rejects.toMatchObject({ failure: { code: 'cancelled' } });
  });
});

/** What stands in the key column, and what the engine makes of it. */
const oddRows: readonly { readonly text: string; readonly row: ListedRow | { readonly ip: string } }[] = [
  { text: '203.0.113.0/30', row: { notAnAddress: '203.0.113.0/30' } },
  { text: '2001:db8:5::/64', row: { notAnAddress: '2001:db8:5::/64' } },
  { text: '203.0.113.1-203.0.113.9', row: { notAnAddress: '203.0.113.1-203.0.113.9' } },
  { text: '203.0.113.0/99', row: { malformed: '203.0.113.0/99' } },
  { text: '010.0.0.1', row: { malformed: '010.0.0.1' } },
  { text: '::ffff:192.0.2.1', row: { malformed: '::ffff:192.0.2.1' } },
  { text: 'gateway', row: { malformed: 'gateway' } },
  { text: '2001:DB8::00A', row: { ip: '2001:db8::a' } },
];

test.each(oddRows)('a row "$text" is told as what it is', async ({ text, row }) => {
  const world = smallWorld({}, { addresses: [{ ip: text, owner: 'billing', group: 'public' }] });
  const panel = await panels.panel({ world });
  expect((await panels.client(panel.url).list()).rows).toMatchObject([row]);
});

const states = [
  { state: 'allocated', seen: 'held' },
  { state: 'pending', seen: 'pending' },
  { state: 'problem', seen: 'blocked' },
  { state: 'blocked', seen: 'blocked' },
] as const;

test.each(states)('the raw state $state is seen as $seen, whatever the words beside it', async ({ state, seen }) => {
  const world = smallWorld(
    { language: 'ru' },
    { addresses: [{ ip: '203.0.113.5', owner: 'billing', group: 'public', state }] },
  );
  const panel = await panels.panel({ world });
  const admin = panels.client(panel.url, { login: 'admin' });
  expect((await admin.list()).rows).toMatchObject([{ ip: '203.0.113.5', state: seen, owner: 'billing' }]);
});

test('pages too large for our cap are asked for again, smaller', async () => {
  const addresses = manyRows(14).map((row) => ({ ...row, note: 'n'.repeat(2_000_000) }));
  const panel = await panels.panel({ world: smallWorld({}, { addresses }) });
  const ipm = panels.client(panel.url, { pageSize: 1000, requestTimeoutMs: 10_000 });
  const stream = async () => {
    for await (const page of ipm.pages()) void page;
  };
  await expect(stream()).rejects.toMatchObject({ failure: { code: 'panel-answer-too-large' }, retryable: true });
  expect(panel.log.at(-1)?.parameters).toMatchObject({ p_cnt: '1000' });
  await expect(ipm.list()).rejects.toMatchObject({ failure: { code: 'panel-answer-too-large' }, retryable: false });
  expect(panel.log.at(-1)?.parameters).toMatchObject({ p_cnt: '100' });
});

test('the panel may ignore the page size asked for and use its own', async () => {
  const panel = await panels.panel({ world: smallWorld({}, { addresses: manyRows(9) }) });
  const ipm = panels.client(panel.url, { pageSize: 1000 });
  expect(await ipm.list()).toMatchObject({ pages: 1, rows: { length: 9 } });
});
