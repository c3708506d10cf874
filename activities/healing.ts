import type { Deps } from './deps.ts';
import { heartbeating } from './heartbeat.ts';

export function healingActivities(deps: Deps) {
  /**
   * For integrations set to `on-conflict heal`: whether the holder's own server says that it uses the address. A server
   * without a list confirms nothing.
   */
  async function holderConfirms(ip: string): Promise<boolean> {
    const conflict = await deps.ledger.addresses.openConflict(ip);
    const holder = conflict?.holder == null ? undefined : await deps.ledger.services.find(conflict.holder);
    if (holder === undefined || holder.state === 'removed') return false;
    const module = await deps.servers.of(holder.server);
    if (!module.capabilities.lists) return false;
    const installation = await deps.ledger.installation();
    const used = await heartbeating(() => module.addressesOf({ ...holder, installation }));
    return used?.includes(ip) ?? false;
  }

  return { holderConfirms };
}
