import { truthTable } from '../../../workflows/domain/truth-table.ts';
import type { TruthRow } from '../../../workflows/domain/truth-row.ts';

/** The table as the docs show it (ARCHITECTURE.md, "The truth table"). */
export function truthTableMarkdown(): string {
  const head = ['| remote | ledger | and | discrepancy | action |', '|---|---|---|---|---|'];
  return [...head, ...truthTable.map(markdownRow), ''].join('\n');
}

function markdownRow(row: TruthRow): string {
  const discrepancy = row.discrepancy === 'none' ? 'none' : `\`${row.discrepancy}\``;
  return `| ${row.remote} | ${row.ledger} | ${row.and ?? ''} | ${discrepancy} | ${actionWords(row)} |`;
}

function actionWords({ action, underAll }: TruthRow): string {
  if (action === null) return '–';
  if (action === 'refuse the run') return 'run refused';
  return underAll === undefined ? `\`${action}\`` : `\`${underAll}\` under \`all\`, else \`${action}\``;
}
