import type { ListedSide, RemoteSide } from '../../workflows/domain/discrepancy.ts';
import { markLabel } from '../../workflows/domain/hostname.ts';
import { tagOf } from '../../workflows/domain/tag.ts';
import type { ListedRow, RemoteAddress } from '../ipmanager/ip-manager.ts';

const free: RemoteSide = { kind: 'free' };

/** One address as the remote holds it, in the words of the truth table. Pending and blocked ones are held by nobody. */
export function remoteSide(row: RemoteAddress | undefined): RemoteSide {
  if (row === undefined || row.state !== 'held') return free;
  return { kind: 'used', group: row.group, ptr: row.ptr, tag: tagIn(row.note), label: labelIn(row.ptr) };
}

/** A row of the list that is no address. */
export function oddSide(row: Exclude<ListedRow, RemoteAddress>): Extract<ListedSide, { readonly text: string }> {
  return 'malformed' in row
    ? { kind: 'malformed', text: row.malformed }
    : { kind: 'not-an-address', text: row.notAnAddress };
}

/** A note that is a tag and nothing else, as most are. */
const bareTag = /^iptally:[0-9a-f]{12}:[0-9a-f]{16}$/;

/**
 * The tag a note begins with. One that a panel or a person cut is a mark all the same, of nobody we know: read as no tag,
 * policy `all` would release what may be another installation's (I8).
 */
function tagIn(note: string): string | null {
  if (note === '' || bareTag.test(note)) return note || null;
  const start = note.trimStart();
  if (!start.startsWith('iptally:')) return null;
  return tagOf(start) ?? start.split(/[\s,;]/, 1)[0]?.slice(0, 60) ?? null;
}

function labelIn(ptr: string): string | null {
  if (!ptr.startsWith('iptally-')) return null;
  const label = ptr.split('.', 1)[0] ?? '';
  return markLabel.test(label) ? label : null;
}
