import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { PlannedItem, SyncRun } from '../../activities/ledger/sync/sync-store.ts';
import { documentOf } from '../../client/cli/actions/sync-document.ts';
import { syncText } from '../../client/cli/render/sync.ts';
import type { Session } from '../../client/cli/session.ts';

const ended: SyncRun = {
  run: '20270101T021500123-9f2c41',
  integration: 'main',
  workflowId: 'sync/main',
  owner: { workflowId: 'sync/main', runId: 'r' },
  login: 'billing',
  policy: 'all',
  dryRun: false,
  scheduledFor: '2027-01-01',
  state: 'applied',
  verdict: 'apply',
  reason: null,
  checksum: 'c',
  counts: { report: 50_000, release: 1 },
  outcomes: { done: 1, failed: 0, denied: 0, changed: 0 },
  remoteCount: 60_000,
  ledgerCount: 9_999,
  progress: { listing: 1, nextPage: 61, pageSize: 1_000, lastIp: null, rows: 60_000, total: 60_000, session: null },
  ledgerRows: 9_999,
  planned: 50_001,
  startedAt: '2027-01-01T02:15:00.000Z',
  approvedAt: null,
  endedAt: '2027-01-01T02:16:00.000Z',
};

const released: PlannedItem = {
  ip: '10.0.0.7',
  discrepancy: 'orphan',
  action: 'release',
  reason: 'its order is over',
  remote: { tag: null, group: 'public', ptr: '' },
  version: null,
  outcome: 'done',
  outcomeReason: null,
};

async function shown(run: SyncRun, kept: readonly PlannedItem[]) {
  const items = async (_run: string, { after }: { readonly after: string | null }) => (after === null ? kept : []);
  const session = {
    config: { webUi: undefined, namespace: 'iptally' },
    parts: async () => ({ ledger: { syncs: { items } } }),
    progress: { say: () => undefined },
  } as unknown as Session;
  const { document, groups } = await documentOf(session, run);
  return { document, text: stripVTControlCharacters(syncText(document, groups)) };
}

const kept = 'plans are kept for 30 days, and of the last 30 runs; what was released or occupied stays';

describe('a run whose plan is kept no longer', () => {
  test('says so, with what was released or occupied and all of its figures', async () => {
    const { document, text } = await shown(ended, [released]);
    expect(document).toMatchObject({ rowsDropped: 50_000, counts: ended.counts, outcomes: { done: 1 } });
    expect(document.items).toHaveLength(1);
    expect(text).toContain(`50000 rows of this plan are no longer kept (${kept})`);
    expect(text).toContain('- release 1 orphan: 1 done');
  });

  test('does not look like one without a difference', async () => {
    const { document, text } = await shown({ ...ended, counts: { report: 1 }, planned: 1 }, []);
    expect(document).toMatchObject({ rowsDropped: 1, items: [] });
    expect(text).toContain(`1 row of this plan is no longer kept (${kept})`);
    expect(text).not.toContain('no difference');
  });
});

test('a plan that is kept, or has no row, says nothing of it', async () => {
  const whole = await shown({ ...ended, planned: 1 }, [released]);
  expect(whole.document.rowsDropped).toBe(0);
  expect(whole.text).not.toContain('kept');
  const empty = await shown({ ...ended, counts: {}, planned: 0 }, []);
  expect(empty.text).toContain('no difference');
});
