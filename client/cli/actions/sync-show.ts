import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import { z } from 'zod';
import { canonicalIp } from '../../../workflows/domain/address.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { accepted } from '../../accepted.ts';
import { wholeNumber, wrongInput } from '../../inputs/fields.ts';
import { syncView } from '../../views/sync.ts';
import { runTable, syncText } from '../render/sync.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { knownIntegration } from './integration.ts';
import { documentOf, shownItems } from './sync-document.ts';

const limits = {
  runs: z.strictObject({ limit: wholeNumber(1, 1_000) }),
  items: z.strictObject({ limit: wholeNumber(1, 100_000) }),
};

export async function listRuns(
  session: Session,
  name: string,
  flags: { readonly limit?: number | string | undefined },
): Promise<Outcome> {
  const { limit } = accepted(limits.runs, { limit: flags.limit ?? 20 }, 'sync runs');
  const { ledger } = await session.parts();
  await knownIntegration(ledger, name);
  const runs = (await ledger.syncs.list(name, limit)).map((run) => syncView(run, session.config));
  return { json: { runs }, text: runTable(runs, name) };
}

export interface ShowFlags {
  readonly all?: true | undefined;
  readonly limit?: number | string | undefined;
  readonly after?: string | undefined;
}

/** Its plan comes in parts: `next` in the document is what `--after` takes. */
export async function showRun(session: Session, id: string, flags: ShowFlags): Promise<Outcome> {
  const { limit } = accepted(limits.items, { limit: flags.limit ?? shownItems }, 'sync show');
  const { ledger } = await session.parts();
  const run = await knownRun(ledger, id);
  const after = flags.after === undefined ? null : await placeIn(ledger, run, flags.after);
  const paged = flags.all === true || flags.limit !== undefined || after !== null;
  const { document, groups } = await documentOf(session, run, { after, limit: flags.all === true ? Infinity : limit });
  return { json: document, text: syncText(document, groups, paged) };
}

/** Any address has its place in a plan. Networks have one too, but only where they stand in it. */
async function placeIn(ledger: Ledger, { run }: SyncRun, text: string): Promise<string> {
  const ip = canonicalIp(text);
  if (ip !== undefined) return ip;
  if (await ledger.syncs.hasItem(run, text)) return text;
  throw wrongInput('after', text, {
    why: 'neither an address nor a row of this plan',
    accepted: 'an address, or the text of a row of this plan: what "next" of the part before says',
  });
}

/** The run, or the refusal that says where to look. */
export async function knownRun(ledger: Ledger, id: string): Promise<SyncRun> {
  const found = await ledger.syncs.find(id);
  if (found !== undefined) return found;
  throw new IptallyError({
    code: 'no-such-run',
    message: `there is no sync run ${id}`,
    field: 'run',
    value: id,
    accepted: 'the id of a run, like 20270328T021500123-9f2c41',
    next: 'see "iptally sync runs NAME"',
  });
}
