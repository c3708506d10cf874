import { styleText } from 'node:util';
import type { Action, Discrepancy } from '../../../workflows/domain/discrepancy.ts';
import { keptDays, keptRuns } from '../../../workflows/domain/plan.ts';
import type { SyncRunView } from '../../views/sync.ts';
import type { Group, SyncDocument } from '../actions/sync-document.ts';
import { nextStep } from './sync-next.ts';
import { type Cell, details, table } from './table.ts';
import { moment, relative } from './time.ts';

type Style = Parameters<typeof styleText>[0];

const stream = process.stdout;
const painted = (style: Style, text: string): string => styleText(style, text, { stream });

/** In the order a person should read them: what takes away first. */
const looks: Readonly<Record<Action, readonly [sign: string, style: Style]>> = {
  release: ['-', 'red'],
  occupy: ['+', 'green'],
  'write-ptr': ['~', 'yellow'],
  'adopt-ptr': ['~', 'yellow'],
  tag: ['~', 'yellow'],
  report: ['!', 'cyan'],
};

/** What each discrepancy is, in words (design.md 6). */
const means: Readonly<Partial<Record<Discrepancy, string>>> = {
  'not-an-address': 'a network in the list, not one address',
  'conflict-marked': 'marked as a conflict, which a person resolves',
  'foreign-owner': 'tagged by another owner',
  stranded: 'reserved here, and its workflow is closed',
  'ptr-drift': 'the PTR is not the same on both sides',
  untagged: 'held there without our tag',
  'release-unfinished': 'its release was begun and not finished',
  orphan: 'our tag there, no row here',
  'unknown-holder': 'held there, unknown here',
  missing: 'free there, assigned here',
};

const states: Readonly<Record<SyncRunView['state'], readonly [words: string, style: Style]>> = {
  running: ['running', 'cyan'],
  'needs-approval': ['waits for approval', 'yellow'],
  applied: ['applied', 'green'],
  planned: ['planned, nothing was changed', 'green'],
  refused: ['refused, nothing was changed', 'red'],
  rejected: ['rejected, nothing was changed', 'yellow'],
  expired: ['expired, nothing was changed', 'yellow'],
  superseded: ['superseded by a later run, nothing was changed', 'yellow'],
  failed: ['failed', 'red'],
};

/** A run with its diff. `all`: every row beside the groups. */
export function syncText(document: SyncDocument, groups: readonly Group[], all = false): string {
  const diff = [...groupLines(groups, document), ...droppedLines(document)];
  const rows = all && document.items.length > 0 ? ['', itemTable(document)] : [];
  const rest = document.next === null ? [] : [moreLine(document)];
  return [head(document), '', ...diff, ...rows, ...(all ? rest : []), '', ...nextStep(document)].join('\n');
}

function head(one: SyncDocument): string {
  const [words, style] = states[one.state];
  const known = one.remoteCount !== null && one.ledgerCount !== null;
  return details([
    ['run', `${one.run} of ${one.integration}`],
    ['state', painted(style, words)],
    ...(one.reason === null ? [] : [['why', `${one.reason.message} (${one.reason.code})`] as const]),
    ['policy', `${one.policy}${one.dryRun ? ', dry run' : ''}`],
    ['compared', known ? `${one.remoteCount} in IPmanager, ${one.ledgerCount} in the ledger` : readSoFar(one)],
    ...(one.checksum === null ? [] : [['checksum', one.checksum] as const]),
    ['started', moment(one.startedAt)],
    ...(one.endedAt === null ? [] : [['ended', moment(one.endedAt)] as const]),
    ...(one.link === null ? [] : [['story', one.link] as const]),
  ]);
}

/** How far the listing is. */
export function readSoFar({ progress: { rows, total } }: Pick<SyncRunView, 'progress'>): string {
  return total === null ? `${rows} rows of IPmanager's list read` : `${rows} of ${total} rows of IPmanager's list read`;
}

function droppedLines({ rowsDropped }: SyncDocument): readonly string[] {
  if (rowsDropped === 0) return [];
  const kept = `plans are kept for ${keptDays} days, and of the last ${keptRuns} runs; what was released or occupied stays`;
  const rows = rowsDropped === 1 ? '1 row of this plan is' : `${rowsDropped} rows of this plan are`;
  return [`${rows} no longer kept (${kept})`];
}

function groupLines(groups: readonly Group[], { rowsDropped }: SyncDocument): readonly string[] {
  if (groups.length === 0) return rowsDropped === 0 ? ['no difference'] : [];
  const order = Object.keys(looks);
  const sorted = groups.toSorted(
    (one, other) =>
      order.indexOf(one.action) - order.indexOf(other.action) || one.discrepancy.localeCompare(other.discrepancy),
  );
  return sorted.flatMap((group) => [groupHead(group), ...examples(group)]);
}

function groupHead({ action, discrepancy, count, outcomes }: Group): string {
  const [sign, style] = looks[action];
  const told = action === 'report' ? [] : Object.entries(outcomes).map(([outcome, times]) => `${times} ${outcome}`);
  const ends = told.length === 0 ? '' : `: ${told.join(', ')}`;
  const meaning = means[discrepancy];
  const said = meaning === undefined ? '' : painted('dim', `  (${meaning})`);
  return `${painted(style, `${sign} ${action}`)} ${count} ${discrepancy}${ends}${said}`;
}

function examples({ examples: some, count }: Group): readonly string[] {
  const width = Math.max(...some.map(({ address }) => address.length));
  const lines = some.map(({ address, outcome, reason }) => {
    const end = outcome === null || outcome === 'done' ? '' : `${painted('red', outcome)}: `;
    return `    ${address.padEnd(width)}  ${end}${reason}`;
  });
  return count > some.length ? [...lines, painted('dim', `    … ${count - some.length} more`)] : lines;
}

function itemTable({ items }: SyncDocument): string {
  return table(
    ['ADDRESS', 'ACTION', 'DISCREPANCY', 'OUTCOME', 'REASON'],
    items.map((one): readonly Cell[] => [one.address, one.action, one.discrepancy, one.outcome, one.reason]),
  );
}

function moreLine({ run, next }: SyncDocument): string {
  return painted('dim', `… more: iptally sync show ${run} --after ${next}`);
}

export function runTable(runs: readonly SyncRunView[], integration: string): string {
  if (runs.length === 0)
    return `no sync of ${integration} yet: start one with "iptally sync run ${integration} --dry-run"`;
  return table(
    ['RUN', 'STATE', 'POLICY', 'PLANNED', 'DONE', 'FAILED', 'DENIED', 'CHANGED', 'STARTED', 'WHY'],
    runs.map((one) => [
      one.run,
      painted(states[one.state][1], one.state),
      `${one.policy}${one.dryRun ? ' (dry run)' : ''}`,
      one.planned,
      one.outcomes.done,
      one.outcomes.failed,
      one.outcomes.denied,
      one.outcomes.changed,
      relative(one.startedAt),
      one.reason === null ? null : one.reason.code,
    ]),
  );
}
