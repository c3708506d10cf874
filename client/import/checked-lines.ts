import type { BadLine, ImportLine } from '../../activities/ledger/import-store.ts';
import { checkImportRow } from '../../workflows/domain/import-row.ts';
import type { RawRow } from './rows.ts';

/** So many lines go to the ledger at once: few round trips, and flat memory. */
const linesAtOnce = 2_000;

/** The good lines of a file in portions; what is wrong with the others is told as they come. */
export async function* checkedLines(
  rows: AsyncIterable<RawRow>,
  onBad: (bad: readonly BadLine[]) => void,
): AsyncGenerator<readonly ImportLine[]> {
  let good: ImportLine[] = [];
  for await (const raw of rows) {
    const { line } = raw;
    const checked = 'problem' in raw ? { ok: false as const, problems: [noRow(raw)] } : checkImportRow(raw.fields);
    if (checked.ok) good.push({ line, row: checked.row });
    else onBad(checked.problems.map((problem) => ({ line, problem })));
    if (good.length < linesAtOnce) continue;
    yield good;
    good = [];
  }
  if (good.length > 0) yield good;
}

function noRow({ problem, value }: Extract<RawRow, { readonly problem: string }>): BadLine['problem'] {
  const accepted = 'one row as the header says, or one JSON object';
  return { code: 'not-a-row', field: 'line', value, accepted, reason: problem };
}
