import type { Sighting } from './sighting.ts';
import { parseTag } from './tag.ts';

/** Words of a person's reading for what an address looks like: values in them, never a guess. */

export function textOf({ remote }: Sighting): string {
  return 'text' in remote ? JSON.stringify(remote.text) : 'a row';
}

/** The owner mark an address carries there. */
export function markOf({ used, context }: Sighting): string {
  if (used === null) return 'no tag';
  if (used.tag === null) return used.label === null ? 'no tag' : `the owner mark ${used.label} in its PTR`;
  const whose = parseTag(used.tag)?.installation === context.installation ? 'of this installation' : 'of another owner';
  return `the tag ${used.tag} (${whose})`;
}

export function ptrsOf({ used, row }: Sighting): string {
  return `PTR there ${quoted(used?.ptr)}, here ${quoted(row?.ptr)}, last read ${quoted(row?.ptrSeen)}`;
}

/** For the middle of a sentence. */
export function ptrOf(ptr: string | undefined): string {
  return ptr === undefined || ptr === '' ? '' : `, PTR ${ptr}`;
}

function quoted(ptr: string | null | undefined): string {
  return ptr === null || ptr === undefined || ptr === '' ? 'none' : ptr;
}
