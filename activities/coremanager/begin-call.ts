import type { PanelClient } from './client.ts';

/**
 * The client for one call of a port. A mutation that was refused for its session had no effect (seen: reference 1.6): it
 * is attempted once more on a new one, and a second refusal is a missing right.
 */
export function beginCall(client: PanelClient): PanelClient {
  const call = client.begin();
  return {
    ...call,
    async mutate(fields) {
      const first = await call.mutate(fields);
      return first.kind === 'not-logged-in' && first.failure.code === 'access-denied' ? call.mutate(fields) : first;
    },
  };
}
