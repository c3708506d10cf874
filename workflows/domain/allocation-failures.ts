import type { Failure } from './failure.ts';

/** How an order ends without an address, by its own rules; refusals of the panel carry the panel's words instead. */

export function inConflict(ip: string): Failure {
  return {
    code: 'address-in-use',
    message: `${ip} is on another live service; a particular address is refused, never replaced`,
    value: ip,
    next: 'ask without a particular address, or release it from its service first',
  };
}

export function inQuarantine(ip: string): Failure {
  return {
    code: 'address-quarantined',
    message: `${ip} is in quarantine after another customer; a particular address is refused, never replaced`,
    value: ip,
    next: 'ask without a particular address, or wait until its quarantine is over (iptally address show)',
  };
}

export function notGiven(wanted: string, given: string): Failure {
  return {
    code: 'address-not-given',
    message: `IPmanager gave ${given} instead of ${wanted}, which was asked for; a particular address is never replaced`,
    value: wanted,
    next: 'ask without a particular address: this panel does not heed the one it is asked for',
  };
}

export function ofOtherFamily(ip: string): Failure {
  return {
    code: 'wrong-family',
    message: `IPmanager gave ${ip}, which is not of the family that was asked for; it is not kept`,
    value: ip,
    next: 'see which addresses the login may use for this family (iptally integration test), then order again under a new id',
  };
}

/** `unmarked`: on services of other integrations, where nothing is written. */
export function onlyConflicts(ips: readonly string[], unmarked: readonly string[]): Failure {
  const marked = ips.filter((ip) => !unmarked.includes(ip));
  const parts = [
    ...(marked.length === 0 ? [] : [`and are marked dns.set.error: ${marked.join(', ')}`]),
    ...(unmarked.length === 0
      ? []
      : [`on services of other integrations, held without a mark: ${unmarked.join(', ')}`]),
  ];
  return {
    code: 'too-many-conflicts',
    message: `${ips.length} addresses in a row were in use already ${parts.join('; ')}`,
    value: ips.join(', '),
    next: 'find out why IPmanager offers addresses that are on services, then iptally address resolve for each',
  };
}

export function onlyQuarantined(attempts: number): Failure {
  return {
    code: 'only-quarantined-addresses',
    message: `IPmanager offered only addresses in quarantine, ${attempts} times; they are parked until it ends`,
    value: String(attempts),
    next: 'add addresses to the login in IPmanager, or wait until the quarantine is over, then order again',
  };
}

export function endedUnknown(attempts: number): Failure {
  return {
    code: 'unknown-outcome',
    message: `none of ${attempts} requests had a clear answer, and no address with this order's tag was found after each`,
    value: String(attempts),
    next: 'see what the panel says (iptally integration test), then order again under a new id',
  };
}

export function readWithoutTag(ip: string): Failure {
  return {
    code: 'tag-not-readable',
    message: `IPmanager gives or lists ${ip} for this order, and shows it without the order's tag when it is opened`,
    value: ip,
    next: 'give the login the right to open addresses (ip.edit), then iptally integration test; check this address by hand',
  };
}

export function tagNotKept(ips: readonly string[]): Failure {
  return {
    code: 'tag-not-kept',
    message: `IPmanager did not keep our tag in the note of ${ips.join(', ')}; without it nothing can be found again`,
    value: ips.join(', '),
    next: 'let the panel keep notes whole, then iptally integration test; check these addresses by hand',
  };
}
