import { createReadStream } from 'node:fs';
import { connectLedger } from '../../activities/ledger/postgres/connect-ledger.ts';
import { importFile } from '../../client/cli/actions/import.ts';
import type { Session } from '../../client/cli/session.ts';
import { importFields } from '../../workflows/domain/import-row.ts';
import { execute } from '../support/database.ts';
import { connect, copyIn } from './driver.ts';
import { answerOneOrder, type Job } from './one-run.ts';

/** One import of a file, or what it is held beside. */
export interface ImportOrder {
  readonly mode: 'copy' | 'import';
  readonly databaseUrl: string;
  readonly migrationUrl: string;
  readonly masterKeyFile: string;
  readonly file: string;
}

/** The command itself, but for the start of its process and what it prints. */
async function prepareImport({ databaseUrl: url, masterKeyFile, file }: ImportOrder): Promise<Job> {
  const ledger = await connectLedger({ url, masterKeyFile });
  let progress = 0;
  const session = {
    json: true,
    parts: async () => ({ ledger }),
    warn: () => undefined,
    progress: { say: () => (progress += 1), clear: () => undefined },
  } as unknown as Session;
  return {
    async run() {
      const { json } = await importFile(session, file, {});
      const { outcome, counts } = json as {
        outcome: string;
        counts: Record<'services' | 'addresses', { added: number }> & { bad: number };
      };
      const { services, addresses, bad } = counts;
      return { outcome, bad, services: services.added, addresses: addresses.added, progress };
    },
    end: () => ledger.close(),
  };
}

/** The same file into one plain table without any index: nothing is checked, nothing looked up. */
async function prepareCopy({ migrationUrl, file }: ImportOrder): Promise<Job> {
  const named = importFields.map((name) => `"${name}"`);
  await execute(migrationUrl, [
    'drop table if exists bench_copy',
    `create table bench_copy (${named.map((name) => `${name} ${name === '"addresses"' ? 'inet' : 'text'}`).join(', ')})`,
  ]);
  const client = await connect(migrationUrl);
  return {
    async run() {
      await copyIn(
        client,
        `copy bench_copy from stdin (format csv, header)`,
        createReadStream(file, { highWaterMark: 1 << 18 }),
      );
      return {};
    },
    async end() {
      await client.query('drop table bench_copy');
      await client.end();
    },
  };
}

const jobs = { copy: prepareCopy, import: prepareImport };

answerOneOrder((message) => {
  const order = message as ImportOrder;
  return jobs[order.mode](order);
});
