import { stopServers } from './servers.ts';

/** jest's global tear-down. */
export default async function down(): Promise<void> {
  await stopServers();
}
