import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { Worker, type ReplayResult } from '@temporalio/worker';
import * as workflows from '../../workflows/index.ts';
import { testServers } from '../support/servers.ts';
import { sdkLog } from '../support/engine.ts';
import { recordedHistories, type Recorded } from './history.ts';

const recorded = recordedHistories();
const code = readFileSync(testServers().workflowBundle, 'utf8');

/** Replays them against a bundle, without a server, and says what each came to. */
async function replay(bundle: string, histories: readonly Recorded[]): Promise<readonly ReplayResult[]> {
  const results: ReplayResult[] = [];
  const list = histories.map(({ workflowId, history }) => ({ workflowId, history }));
  for await (const result of Worker.runReplayHistories({ workflowBundle: { code: bundle } }, list))
    results.push(result);
  return results;
}

/** The workflow code with one change of order or kind planted: what a careless edit does to runs in flight. */
const planted: Readonly<Record<string, readonly [string, string]>> = {
  'a step renamed': ['claimAddress(ticket, ip)', 'renamedAddress(ticket, ip)'],
  'a local step become a call of its own': ['.openProvision(input', '.openProvisionElsewhere(input'],
};

describe('recorded runs', () => {
  test('there is at least one of every workflow', () => {
    const seen = new Set(recorded.map(({ name }) => name.split('-')[0] ?? ''));
    expect(seen).toEqual(new Set(Object.keys(workflows)));
  });

  test('replay on the workflows of today, all of them', async () => {
    const results = await replay(code, recorded);
    expect(results).toHaveLength(recorded.length);
    expect(sdkLog.filter((line) => line.startsWith('ERROR'))).toEqual([]);
    expect(
      results.filter(({ error }) => error !== undefined).map(({ workflowId, error }) => `${workflowId}: ${error}`),
    ).toEqual([]);
  });

  test('say in the Web UI what each activity does and what each timer waits for', () => {
    const silent = recorded.flatMap(({ name, history }) =>
      (history as { readonly events: readonly Readonly<Record<string, unknown>>[] }).events
        .filter((event) => 'activityTaskScheduledEventAttributes' in event || 'timerStartedEventAttributes' in event)
        .filter(
          ({ userMetadata }) => (userMetadata as { readonly summary?: unknown } | undefined)?.summary === undefined,
        )
        .map(({ eventId }) => `${name}: event ${String(eventId)}`),
    );
    expect(silent).toEqual([]);
  });

  test.each(Object.entries(planted))('a planted change is seen: %s', async (_, [before, after]) => {
    expect(code).toContain(before);
    const results = await replay(code.replaceAll(before, after), recorded);
    const red = results.filter(({ error }) => error !== undefined);
    expect(red.length).toBeGreaterThan(0);
    for (const { error } of red) expect(String(error)).toMatch(/determinis/i);
  });
});

describe('the packages that make histories readable', () => {
  test('there is one protobufjs: a second one under @temporalio makes replay fail in odd ways', () => {
    const scope = join(import.meta.dirname, '..', '..', 'node_modules', '@temporalio');
    const nested = readdirSync(scope).filter((name) => existsSync(join(scope, name, 'node_modules', 'protobufjs')));
    expect(nested).toEqual([]);
  });
});
