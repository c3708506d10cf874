import { listNotComplete } from '../../http/list-not-complete.ts';
import type { Access } from './access.ts';
import { fieldOf } from './refusals.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Words of the query language: `name EQ 'x'`, joined by `OR` and brackets (seen: reference 5.3). */
export function equal(column: string, value: string | number): string {
  return `(${column} EQ ${typeof value === 'number' ? value : `'${value.replaceAll("'", '')}'`})`;
}

/** `name CP 'x%'`: like SQL's LIKE (seen). */
export function beginsWith(column: string, value: string): string {
  return `(${column} CP '${value.replaceAll(/['%]/g, '')}%')`;
}

export function anyOf(conditions: readonly string[]): string {
  return conditions.length === 1 ? (conditions[0] ?? '') : `(${conditions.join(' OR ')})`;
}

const pageSize = 500;

/**
 * All rows a condition is true of, with the proof that they are all: pages by `limit=OFFSET,COUNT` (seen), the panel's
 * own `size` never moves, no id comes twice, and the rows add up to it. Anything else throws `list-not-complete` (I12).
 * That `size` stands in every list is inferred: it was seen in those of addresses and accounts.
 */
export async function provenRows(
  access: Pick<Access, 'look'>,
  path: string,
  condition?: string,
): Promise<readonly Row[]> {
  const rows = new Map<number, Row>();
  for (let total: number | undefined; total === undefined || rows.size < total;) {
    const page = await access.look(`${path}?${query(condition, rows.size)}`);
    const size = fieldOf(page, 'size');
    const list = fieldOf(page, 'list');
    if (typeof size !== 'number' || !Number.isInteger(size) || size < 0 || !Array.isArray(list)) {
      throw listNotComplete('the panel does not say how many rows there are');
    }
    if (total !== undefined && size !== total) throw listNotComplete(`the total moved from ${total} to ${size}`);
    total = size;
    if (list.length === 0 && rows.size < total) throw listNotComplete(`${rows.size} of ${total} rows came`);
    for (const row of list) addRow(rows, row);
    if (rows.size > total) throw listNotComplete(`there are more rows than the total of ${total}`);
  }
  return [...rows.values()];
}

function query(condition: string | undefined, offset: number): string {
  const where = condition === undefined ? '' : `where=${encodeURIComponent(condition).replaceAll('%20', '+')}&`;
  return `${where}limit=${offset},${pageSize}`;
}

function addRow(rows: Map<number, Row>, row: unknown): void {
  const id = idOf(row);
  if (id === undefined) throw listNotComplete('a row has no id');
  if (rows.has(id)) throw listNotComplete('a row came twice');
  rows.set(id, row as Row);
}

/** Ids are whole numbers; some lists write them as text. */
export function idOf(row: unknown, name = 'id'): number | undefined {
  const id = fieldOf(row, name);
  const number = typeof id === 'string' && /^\d{1,15}$/.test(id) ? Number(id) : id;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

export function textOf(row: unknown, name: string): string {
  const text = fieldOf(row, name);
  return typeof text === 'string' ? text : '';
}
