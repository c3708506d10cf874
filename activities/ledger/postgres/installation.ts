import { randomBytes } from 'node:crypto';
import type { Database } from './database.ts';

/** Made once, by whoever asks first; of two processes the key decides, and both read the same. */
export function installationOf(database: Database): Promise<string> {
  return database.read(async (db) => {
    const known = db.selectFrom('installation').select('id');
    const found = await known.executeTakeFirst();
    if (found !== undefined) return found.id;
    await db
      .insertInto('installation')
      .values({ one: 1, id: randomBytes(6).toString('hex') })
      .onConflict((conflict) => conflict.column('one').doNothing())
      .execute();
    return (await known.executeTakeFirstOrThrow()).id;
  });
}
