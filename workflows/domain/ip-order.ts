/**
 * The order of canonical address texts: exactly PostgreSQL's order of `inet` (IPv4 before IPv6, then numeric), so that a
 * list of the remote's and a read of the ledger's can be merged. It runs once or twice a row: equal texts are equal
 * addresses, and most others are told apart at the first character that differs, without parsing.
 */
export function compareIps(one: string, other: string): number {
  if (one === other) return 0;
  const v6 = isV6(one);
  if (v6 !== isV6(other)) return v6 ? 1 : -1;
  const at = firstDifference(one, other);
  if (!v6) return byPart(one, other, at);
  return sameLayout(one, other, at) ? byPart(one, other, at) : byGroups(one, other);
}

/** The first separator stands within five characters, and its kind is that of the address. */
function isV6(ip: string): boolean {
  let at = 0;
  while (at < ip.length && !isSeparator(ip.charCodeAt(at))) at += 1;
  return ip.charCodeAt(at) === colon;
}

function firstDifference(one: string, other: string): number {
  const end = Math.min(one.length, other.length);
  let at = 0;
  while (at < end && one.charCodeAt(at) === other.charCodeAt(at)) at += 1;
  return at;
}

/** The parts before are the same: without leading zeros the longer of two parts is the greater, equal lengths go by digit. */
function byPart(one: string, other: string, at: number): number {
  const left = digitsFrom(one, at);
  const right = digitsFrom(other, at);
  return left === right ? one.charCodeAt(at) - other.charCodeAt(at) : left - right;
}

function digitsFrom(text: string, at: number): number {
  let end = at;
  while (end < text.length && !isSeparator(text.charCodeAt(end))) end += 1;
  return end - at;
}

const dot = 46;
const colon = 58;

function isSeparator(code: number): boolean {
  return code === dot || code === colon;
}

/**
 * Whether the groups at the first difference are the same group of both addresses: neither text shortens zeros from here
 * on, and where both did before, as many groups follow. Digits sort below letters in ASCII, as in hex.
 */
function sameLayout(one: string, other: string, at: number): boolean {
  if (endsOutside(one, at) || endsOutside(other, at)) return false;
  const left = groupsAfter(one, at);
  return left >= 0 && left === groupsAfter(other, at);
}

/** Not within a group: the difference is whether zeros are shortened here. */
function endsOutside(text: string, at: number): boolean {
  const before = at === 0 ? colon : text.charCodeAt(at - 1);
  return before === colon && (at === text.length || text.charCodeAt(at) === colon);
}

/** Groups that follow, or -1 when zeros are shortened among them. */
function groupsAfter(text: string, from: number): number {
  let groups = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text.charCodeAt(at) !== colon) continue;
    if (text.charCodeAt(at + 1) === colon) return -1;
    groups += 1;
  }
  return groups;
}

function byGroups(one: string, other: string): number {
  readGroups(one, left);
  readGroups(other, right);
  for (let at = 0; at < 8; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Written before they are read, each time: making arrays costs ten times the comparison. */
const left = new Uint16Array(8);
const right = new Uint16Array(8);

/** Groups from the left; at `::` those read so far stay, and the rest moves to the right end. */
function readGroups(text: string, groups: Uint16Array): void {
  groups.fill(0);
  let group = 0;
  let gapAt = -1;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code !== colon) {
      groups[group] = (groups[group] ?? 0) * 16 + hexDigit(code);
    } else if (text.charCodeAt(at + 1) === colon) {
      if (at > 0) group += 1;
      gapAt = group;
      at += 1;
    } else group += 1;
  }
  if (gapAt >= 0) moveRight(groups, gapAt, text.endsWith(':') ? group : group + 1);
}

function moveRight(groups: Uint16Array, from: number, to: number): void {
  groups.copyWithin(8 - (to - from), from, to);
  groups.fill(0, from, 8 - (to - from));
}

function hexDigit(code: number): number {
  return code < 58 ? code - 48 : code - 87;
}
