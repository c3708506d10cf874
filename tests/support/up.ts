import { startServers } from './servers.ts';

/** jest's global set-up: PostgreSQL, Temporal and the workflow bundle, side by side. */
export default async function up(): Promise<void> {
  const begin = performance.now();
  await startServers();
  process.stderr.write(`servers ready after ${Math.round(performance.now() - begin)} ms\n`);
}
