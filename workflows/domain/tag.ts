/**
 * The owner mark. It stands first in IPmanager's note, in the same call that takes the address; the rest of the note
 * belongs to people. `iptally:<12 hex of the installation>:<16 hex of the order>`.
 */
export interface Tag {
  readonly installation: string;
  readonly order: string;
}

/** What an order is found by: its tag, and the host label that carries it where the note cannot (design.md 7). */
export interface Mark {
  readonly tag: string;
  readonly label: string;
}

const shape = /^iptally:([0-9a-f]{12}):([0-9a-f]{16})(?=$|[\s,;])/;

export function formatTag(tag: Tag): string {
  return `iptally:${tag.installation}:${tag.order}`;
}

/** Reads the tag a note begins with. */
export function parseTag(note: string): Tag | undefined {
  const found = shape.exec(note.trimStart());
  return found?.[1] !== undefined && found[2] !== undefined ? { installation: found[1], order: found[2] } : undefined;
}

/** The text of the tag a note begins with, as the ledger keeps it. */
export function tagOf(note: string): string | undefined {
  const tag = parseTag(note);
  return tag === undefined ? undefined : formatTag(tag);
}

/** The note with our tag first. What people wrote stays; a tag that stood first is replaced, never doubled. */
export function withTag(note: string, tag: string): string {
  const rest = withoutTag(note);
  return rest === '' ? tag : `${tag} ${rest}`;
}

/** What people wrote in a note. */
export function withoutTag(note: string): string {
  return note.trimStart().replace(shape, '').trimStart();
}

/** How a remote row stands to one order. `cut` means the panel shortened our tag, so it can keep none. */
export type Ownership = 'ours' | 'cut' | 'untagged' | 'other';

export function ownership(row: { readonly note: string; readonly ptr: string }, mark: Mark): Ownership {
  const note = row.note.trim();
  if (tagOf(note) === mark.tag) return 'ours';
  if (row.ptr.split('.')[0] === mark.label) return 'ours';
  if (parseTag(note) !== undefined) return 'other';
  if (note.startsWith('iptally:') && mark.tag.startsWith(note)) return 'cut';
  return note.startsWith('iptally:') ? 'other' : 'untagged';
}
