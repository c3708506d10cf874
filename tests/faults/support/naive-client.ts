import { createIpManager } from '../../../activities/ipmanager/http/create-ip-manager.ts';
import { startIpManagerSimulator } from '../../../activities/ipmanager/simulator/start.ts';
import { password } from '../../support/engine.ts';
import { bigWorld } from './big-world.ts';
import { crowd } from './crowd.ts';
import type { Mix } from './fault-mix.ts';

/**
 * The control: asks until it has an address, looks for nothing and waits for nothing. Under the same faults it must leak,
 * or the test that we do not leak could not fail.
 */
export async function leaksOfNaiveClient(orders: number, mix: Mix, requestTimeoutMs: number): Promise<number> {
  const simulator = await startIpManagerSimulator({ world: bigWorld(), hooks: { hook: mix.hook } });
  const trust = { ca: null, pin: null, allowPlainHttp: true, allowPrivate: true };
  const panel = createIpManager({ url: simulator.url, login: 'billing', password, trust, requestTimeoutMs });
  const before = simulator.world.addresses.size;
  try {
    const bound = await crowd(
      Array.from({ length: orders }, (_, n) => n),
      20,
      async (n) => {
        for (;;) {
          const mark = { tag: `naive ${n}`, label: `naive-${n}` };
          const answer = await panel.allocate({ family: 'ipv4', group: 'public', mark });
          if (answer.kind === 'allocated') return answer.ip;
        }
      },
    );
    await simulator.lateWorkDone();
    return simulator.world.addresses.size - before - new Set(bound).size;
  } finally {
    await panel.close();
    await simulator.close();
  }
}
