import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDatabase, execute, query, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

test('a suite has a database of its own, and its application role may change no table', async () => {
  await execute(database.migrationUrl, ['create table t (n int)', 'insert into t values (1)']);
  expect(await query(database.migrationUrl, 'select n from t')).toEqual([{ n: 1 }]);
  expect(await query(database.applicationUrl, 'select current_user::text as who')).toEqual([{ who: 'iptally_app' }]);
  await expect(execute(database.applicationUrl, ['create table u (n int)'])).rejects.toThrow(/permission denied/);
  await expect(query(database.applicationUrl, 'select n from t')).rejects.toThrow(/permission denied/);
});
