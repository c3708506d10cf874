/** The PTR that marks an address in conflict (BILLmanager's own mark, reference/ispsystem-protocol.md 4.4). */
export const conflictMark = 'dns.set.error';

export type HostnameProblem =
  | 'is empty'
  | 'is longer than 253 characters'
  | 'has only one label'
  | 'has an empty label'
  | 'has a label longer than 63 characters'
  | 'has a character that host names may not have'
  | 'has a label that starts or ends with a hyphen'
  | 'ends in a label of digits only, like an address'
  | 'cannot be written in ASCII (punycode)'
  | 'is reserved: it marks addresses in conflict'
  | 'is reserved: it looks like an owner mark';

export const acceptedHostname =
  'a host name of two or more labels, letters, digits and hyphens (IDN is turned into punycode), at most 253 characters';

/** The label of an owner mark that travels in `domain` where a panel takes no note with an allocation (design.md 7). */
export const markLabel = /^iptally-[0-9a-f]{32}$/;

/**
 * Reads a host name as a person wrote it and gives its one canonical text: lower case, ASCII, no trailing dot.
 * RFC 1123 labels; underscores are refused, as a PTR names a host. IDN goes through the URL host parser first, which is
 * no validator, so every rule is checked on what it returns.
 */
export function parseHostname(text: string): { readonly name: string } | { readonly problem: HostnameProblem } {
  const trimmed = text.endsWith('.') ? text.slice(0, -1) : text;
  if (trimmed === '') return { problem: 'is empty' };
  const ascii = /^[\x20-\x7e]*$/.test(trimmed) ? trimmed.toLowerCase() : toPunycode(trimmed);
  if (ascii === undefined) return { problem: 'cannot be written in ASCII (punycode)' };
  const problem = problemOf(ascii);
  return problem === undefined ? { name: ascii } : { problem };
}

function toPunycode(text: string): string | undefined {
  // The host parser drops soft hyphens and reads full-width digits as numbers: a name it changed so is not what was meant.
  if (!/^[\p{L}\p{N}\p{M}.-]+$/u.test(text) || /[\uff00-\uffef]/u.test(text)) return undefined;
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return undefined;
  }
}

function problemOf(name: string): HostnameProblem | undefined {
  if (name.length > 253) return 'is longer than 253 characters';
  const labels = name.split('.');
  if (labels.includes('')) return 'has an empty label';
  if (labels.some((label) => label.length > 63)) return 'has a label longer than 63 characters';
  if (labels.some((label) => !/^[a-z0-9-]+$/.test(label))) return 'has a character that host names may not have';
  if (labels.some((label) => label.startsWith('-') || label.endsWith('-'))) {
    return 'has a label that starts or ends with a hyphen';
  }
  if (labels.length < 2) return 'has only one label';
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'ends in a label of digits only, like an address';
  if (name === conflictMark) return 'is reserved: it marks addresses in conflict';
  if (markLabel.test(labels[0] ?? '')) return 'is reserved: it looks like an owner mark';
  return undefined;
}

/** Equality of two PTR texts as panels write them: case and one trailing dot do not count. */
export function samePtr(one: string, other: string): boolean {
  return plainPtr(one) === plainPtr(other);
}

/** A PTR text as we keep it: lower case, no trailing dot. Empty means none. */
export function plainPtr(text: string): string {
  const lower = text.trim().toLowerCase();
  return lower.endsWith('.') ? lower.slice(0, -1) : lower;
}
