import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { aRun, openWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

test('of many that ask at once one has the lock, and the rest are told who', async () => {
  const runs = Array.from({ length: 50 }, () => aRun());
  const answers = await Promise.all(
    runs.map((run) => world.ledger.locks.acquire({ key: 'address/192.0.2.1', reason: 'claim', run })),
  );
  const winner = runs[answers.findIndex((answer) => answer.kind === 'acquired')];
  expect(answers.filter((answer) => answer.kind === 'acquired')).toHaveLength(1);
  expect(answers.filter((answer) => answer.kind === 'held')).toHaveLength(49);
  expect(answers.find((answer) => answer.kind === 'held')).toEqual({
    kind: 'held',
    by: { key: 'address/192.0.2.1', owner: winner, reason: 'claim', since: expect.any(String) },
  });
});

test('one’s own lock is taken again without harm, and keeps its age', async () => {
  const run = aRun();
  await world.ledger.locks.acquire({ key: 'address/192.0.2.2', reason: 'first', run });
  const [before] = (await world.ledger.locks.list()).filter((entry) => entry.key === 'address/192.0.2.2');
  expect(await world.ledger.locks.acquire({ key: 'address/192.0.2.2', reason: 'again', run })).toEqual({
    kind: 'acquired',
  });
  expect((await world.ledger.locks.list()).filter((entry) => entry.key === 'address/192.0.2.2')).toEqual([before]);
});

test('a lock is not stolen: not by its key, not from another owner, not by letting go of it', async () => {
  const [owner, thief] = [aRun(), aRun()];
  const key = 'address/192.0.2.3';
  await world.ledger.locks.acquire({ key, reason: 'mine', run: owner });
  await world.ledger.locks.release({ key, run: thief });
  expect(await world.ledger.locks.takeOver({ key, from: aRun(), reason: 'x', run: thief })).toBe(false);
  expect(await world.ledger.locks.takeOver({ key, from: { ...owner, runId: 'other' }, reason: 'x', run: thief })).toBe(
    false,
  );
  expect(await world.ledger.locks.acquire({ key, reason: 'x', run: thief })).toMatchObject({ by: { owner } });
});

test('a lock moves from the named owner to one of those who ask, and once', async () => {
  const owner = aRun();
  const key = 'sync/panel';
  await world.ledger.locks.acquire({ key, reason: 'mine', run: owner });
  const heirs = [aRun(), aRun(), aRun()];
  const answers = await Promise.all(
    heirs.map((run) => world.ledger.locks.takeOver({ key, from: owner, reason: 'its run is closed', run })),
  );
  expect(answers.filter(Boolean)).toHaveLength(1);
  const heir = heirs[answers.indexOf(true)];
  expect(heir).toBeDefined();
  // Asked again after an answer that was lost.
  expect(heir && (await world.ledger.locks.takeOver({ key, from: owner, reason: 'x', run: heir }))).toBe(true);
});

test('taking over a lock that is not there takes nothing', async () => {
  expect(await world.ledger.locks.takeOver({ key: 'address/192.0.2.9', from: aRun(), reason: 'x', run: aRun() })).toBe(
    false,
  );
});
