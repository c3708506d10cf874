import type { SyncItemView, SyncView } from '../contract.ts';

/** How many examples the details name. */
const mostExamples = 10;

/** A plan as an operator reads it in the Web UI: plain CommonMark, which knows no tables (reference/temporal.md 1.4). */
export function planMarkdown(view: SyncView): string {
  const { progress, verdict, checksum, counts, outcomes, items, reason } = view;
  const rows = progress.total === null ? '' : `rows ${progress.rows} of ${progress.total}`;
  return [
    `**${view.state}** · run \`${view.run}\` · policy \`${view.policy}\`${view.dryRun ? ' · dry run' : ''} ${rows}`.trim(),
    ...(verdict === null ? [] : [`verdict **${verdict}**${checksum === null ? '' : `, checksum \`${checksum}\``}`]),
    ...(reason === null ? [] : [`\`${reason.code}\`: ${reason.message}`]),
    listOf('planned', counts),
    listOf('came to', outcomes),
    ...items.slice(0, mostExamples).map(line),
  ]
    .filter((text) => text !== '')
    .join('\n\n');
}

function listOf(head: string, counts: Readonly<Partial<Record<string, number>>>): string {
  const words = Object.entries(counts).flatMap(([name, count]) => (count ? [`${count} ${name}`] : []));
  return words.length === 0 ? '' : `${head}: ${words.join(', ')}`;
}

function line({ address, discrepancy, action, outcome, reason }: SyncItemView): string {
  return `- \`${address}\` ${discrepancy} → ${action}${outcome === null ? '' : ` (**${outcome}**)`}: ${plain(reason)}`;
}

/** Nothing in a panel's words is markup. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>()#+!|~]/g, '\\$&');
}
