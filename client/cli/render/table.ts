import Table from 'cli-table3';
import { styleText } from 'node:util';

/** A cell; `null` is shown as a dash. */
export type Cell = string | number | null;

const noLines = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

/**
 * A table for people: no lines, the head dim, as wide as the terminal allows. In a pipe nothing is cut or wrapped, so
 * that grep and awk see whole values.
 */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = rows.map((row) => row.map(shown));
  const natural = head.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => (row[column] ?? '').length)),
  );
  const width = process.stdout.isTTY ? process.stdout.columns : Infinity;
  const made = new Table({
    head: head.map((title) => styleText('dim', title, { stream: process.stdout })),
    chars: noLines,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colWidths: fitted(natural, width),
    wordWrap: true,
    wrapOnWordBoundary: false,
  });
  made.push(...cells.map((row) => [...row]));
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function shown(cell: Cell): string {
  return cell === null || cell === '' ? '–' : String(cell);
}

/** Natural widths, the widest made narrower until all fit; no column falls below ten. */
function fitted(natural: readonly number[], width: number): number[] {
  const widths = [...natural];
  const gaps = 2 * (widths.length - 1);
  for (;;) {
    const total = widths.reduce((sum, one) => sum + one, gaps);
    const widest = Math.max(...widths);
    if (total <= width || widest <= 10) return widths;
    const at = widths.indexOf(widest);
    widths[at] = Math.max(10, widest - (total - width));
  }
}

/** Labels and values, one a line. */
export function details(pairs: readonly (readonly [label: string, value: Cell])[]): string {
  const width = Math.max(0, ...pairs.map(([label]) => label.length));
  return pairs
    .map(([label, value]) => `${styleText('dim', label.padEnd(width), { stream: process.stdout })}  ${shown(value)}`)
    .join('\n');
}
