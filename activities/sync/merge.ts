import { glanceIp, isGlanceOf, type Glance } from '../../workflows/domain/glance.ts';
import { compareIps } from '../../workflows/domain/ip-order.ts';
import type { RemoteAddress } from '../ipmanager/ip-manager.ts';

/** An address to be looked at closely; without `remote` the remote does not list it. */
export interface Unlike {
  readonly ip: string;
  readonly remote?: RemoteAddress;
}

/**
 * Both sides in address order, every address once: a range's rows of the remote, and the ledger's glances, chunk by chunk.
 * Answers what `isLike` does not settle, so that what is in step costs a comparison of texts and leaves nothing behind
 * (reference/performance.md 2.3 to 2.5).
 */
export async function unlikeOf(
  remote: readonly RemoteAddress[],
  ledger: AsyncIterable<readonly Glance[]>,
  isLike: (remote: RemoteAddress, glance: Glance | undefined) => boolean,
): Promise<{ readonly unlike: readonly Unlike[]; readonly glances: number }> {
  const unlike: Unlike[] = [];
  let glances = 0;
  let at = 0;
  const look = (there: RemoteAddress, glance: Glance | undefined): void => {
    if (!isLike(there, glance)) unlike.push({ ip: there.ip, remote: there });
    at += 1;
  };
  for await (const chunk of ledger) {
    glances += chunk.length;
    for (const glance of chunk) {
      let there = remote[at];
      while (there !== undefined && !isGlanceOf(glance, there.ip) && compareIps(there.ip, glanceIp(glance)) < 0) {
        look(there, undefined);
        there = remote[at];
      }
      if (there !== undefined && isGlanceOf(glance, there.ip)) look(there, glance);
      else unlike.push({ ip: glanceIp(glance) });
    }
  }
  for (const there of remote.slice(at)) look(there, undefined);
  return { unlike, glances };
}
