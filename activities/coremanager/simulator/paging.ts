import { element, group, type SimNode } from './node.ts';
import type { Fault } from '../../http/simulator/faults.ts';

export interface ListAnswer<T> {
  readonly rows: readonly T[];
  readonly columns: (row: T) => readonly SimNode[];
  readonly parameters: ReadonlyMap<string, string>;
  /** Rows per page of a user who asks for none; 1000 was recorded (reference 1.5). */
  readonly rowsPerPage: number;
  readonly fault: Fault | undefined;
}

/** One page of a list as the panel sends it, or as a list fault spoils it. */
export function listPage<T>(list: ListAnswer<T>): readonly SimNode[] {
  const size = positive(list.parameters.get('p_cnt')) ?? list.rowsPerPage;
  const number = positive(list.parameters.get('p_num')) ?? 1;
  const shown = spoiledRows(list, size, number);
  const total = spoiledTotal(list, number);
  const told = list.fault?.kind === 'page-twice' && number > 1 ? number - 1 : number;
  return [
    ...shown.map((row) => group('elem', list.columns(row))),
    element('p_cnt', String(size)),
    element('p_elems', String(total)),
    element('p_num', String(told)),
    element('p_order', 'asc'),
    element('page', 'first-last'),
  ];
}

function spoiledRows<T>(list: ListAnswer<T>, size: number, number: number): readonly T[] {
  const page = (wanted: number): readonly T[] => list.rows.slice((wanted - 1) * size, wanted * size);
  const kind = list.fault?.kind;
  if (kind === 'empty-list') return [];
  if (kind === 'short-by-one') return page(number).slice(0, -1);
  if (number === 1) return page(number);
  if (kind === 'page-missing') return page(number + 1);
  if (kind === 'page-twice') return page(number - 1);
  return kind === 'shrinking' ? page(number).slice(1) : page(number);
}

function spoiledTotal<T>(list: ListAnswer<T>, number: number): number {
  if (list.fault?.kind === 'total-unlike-sum') return list.rows.length + 1;
  return list.fault?.kind === 'shrinking' && number > 1 ? list.rows.length - 1 : list.rows.length;
}

function positive(text: string | undefined): number | undefined {
  const number = Number(text);
  return Number.isInteger(number) && number > 0 ? number : undefined;
}
