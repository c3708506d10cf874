import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Runtime } from '@temporalio/worker';
import { type NightGauges, openNightGauges } from '../../worker/night-gauges.ts';
import type { ScheduleHealth } from '../../worker/schedule-health.ts';

let address: string;
let gauges: NightGauges;

beforeAll(async () => {
  const free = createServer().listen(0, '127.0.0.1');
  await once(free, 'listening');
  const at = free.address();
  free.close();
  address = `127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
  Runtime.install({ shutdownSignals: [], telemetryOptions: { metrics: { prometheus: { bindAddress: address } } } });
  gauges = openNightGauges();
});
afterAll(() => Runtime.instance().shutdown());

/** As Prometheus reads it. */
async function value(name: string, integration: string): Promise<string | undefined> {
  const text = await (await fetch(`http://${address}/metrics`, { headers: { connection: 'close' } })).text();
  return new RegExp(`^iptally_${name}\\{.*integration="${integration}".*\\} (\\S+)$`, 'm').exec(text)?.[1];
}

/** The value once it is the one that is waited for; the one that stays instead. */
async function shown(name: string, integration: string, wanted: string): Promise<string | undefined> {
  for (let look = 0; look < 200 && (await value(name, integration)) !== wanted; look += 1) await sleep(25);
  return value(name, integration);
}

const good = '2027-06-10T03:20:00.000Z';
const health = (integration: string): ScheduleHealth => ({
  integration,
  ok: false,
  problems: [{ code: 'schedule-paused', message: 'paused' }],
  lastGood: good,
  next: null,
  skipped: 2,
  missed: 3,
});

test('the last good sync is a moment, so that its age grows where nobody looks any more', async () => {
  const now = jest.spyOn(Date, 'now').mockReturnValue(Date.parse(good) + 60_000);
  gauges.set(health('main'), 0);
  expect(await shown('last_good_sync_timestamp_seconds', 'main', String(Date.parse(good) / 1_000))).toBe(
    String(Date.parse(good) / 1_000),
  );
  expect(await shown('last_good_sync_age_seconds', 'main', '60')).toBe('60');
  now.mockReturnValue(Date.parse(good) + 90_000);
  gauges.age();
  expect(await shown('last_good_sync_age_seconds', 'main', '90')).toBe('90');
  expect(await shown('last_good_sync_timestamp_seconds', 'main', String(Date.parse(good) / 1_000))).toBe(
    String(Date.parse(good) / 1_000),
  );
  now.mockRestore();
});

test('an integration without a good sync counts from when it was added', async () => {
  gauges.set({ ...health('young'), lastGood: null }, 1_000_000);
  expect(await shown('last_good_sync_timestamp_seconds', 'young', '1000')).toBe('1000');
});

test('of an integration that is gone no value stays that an alert could hold on', async () => {
  gauges.set(health('gone'), 0);
  gauges.set(health('here'), 0);
  expect(await shown('schedule_problems', 'gone', '1')).toBe('1');
  gauges.keepOnly(['here']);
  const names = ['timestamp_seconds', 'age_seconds'].map((name) => `last_good_sync_${name}`);
  for (const name of [...names, 'schedule_problems', 'schedule_skipped', 'schedule_missed']) {
    expect(await shown(name, 'gone', 'NaN')).toBe('NaN');
  }
  expect(await shown('schedule_problems', 'here', '1')).toBe('1');
  expect(await shown('schedule_missed', 'here', '3')).toBe('3');
});
