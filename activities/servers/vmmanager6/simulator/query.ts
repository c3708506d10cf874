import type { Fault } from '../../../http/simulator/faults.ts';
import { SimError } from './sim-error.ts';

type Row = Readonly<Record<string, unknown>>;

export interface ListCall {
  readonly parameters: ReadonlyMap<string, string>;
  readonly fault: Fault | undefined;
}

interface ListKnobs {
  readonly notAskedFor: readonly string[];
  readonly rowsPerPage: number;
  readonly tellsSize: boolean;
}

/** One page of a list: `where`, `limit=OFFSET,COUNT` or `limit=COUNT` (seen); `size` counts all that `where` is true of. */
export function listAnswer(rows: readonly Row[], { parameters, fault }: ListCall, knobs: ListKnobs): unknown {
  const matching = rows.filter(
    matcher(
      parameters.get('where'),
      (column) => knobs.notAskedFor.includes(column) || (rows[0] !== undefined && !Object.hasOwn(rows[0], column)),
    ),
  );
  const [offset, count] = limitOf(parameters.get('limit'), knobs.rowsPerPage);
  const shown = spoiled(matching, { offset, count, fault });
  const size = matching.length + (fault?.kind === 'total-unlike-sum' ? 1 : 0);
  const moved = fault?.kind === 'shrinking' && offset > 0 ? size - 1 : size;
  return { last_notify: 1, list: shown, ...(knobs.tellsSize ? { size: moved } : {}) };
}

interface Page {
  readonly offset: number;
  readonly count: number;
  readonly fault: Fault | undefined;
}

function spoiled(rows: readonly Row[], { offset, count, fault }: Page): readonly Row[] {
  const from = (start: number): readonly Row[] => rows.slice(Math.max(0, start), Math.max(0, start) + count);
  if (fault?.kind === 'empty-list') return [];
  if (fault?.kind === 'short-by-one') return from(offset).slice(0, -1);
  if (offset > 0 && fault?.kind === 'page-missing') return from(offset + count);
  if (offset > 0 && fault?.kind === 'page-twice') return from(offset - count);
  return from(offset);
}

function limitOf(asked: string | undefined, usual: number): readonly [number, number] {
  if (asked === undefined) return [0, usual];
  const [, first = '', second] = /^(\d+)(?:,(\d+))?$/.exec(asked) ?? [];
  if (first === '') throw new SimError([400, 4001], `Invalid limit: ${asked}`);
  return second === undefined ? [0, Math.min(usual, Number(first))] : [Number(first), Math.min(usual, Number(second))];
}

/**
 * `(a EQ 1)`, `a EQ 'x'`, `a CP '%x%'`, joined by AND and OR in brackets. A column the list does not have is an error,
 * which only shows when the list has rows.
 */
function matcher(where: string | undefined, isUnknown: (column: string) => boolean): Test {
  if (where === undefined || where.trim() === '') return () => true;
  const tokens = where.match(/\(|\)|'[^']*'|[^\s()']+/g) ?? [];
  return new Parser(tokens, isUnknown).whole();
}

type Test = (row: Row) => boolean;

class Parser {
  readonly #tokens: readonly string[];
  readonly #isUnknown: (column: string) => boolean;
  #at = 0;

  constructor(tokens: readonly string[], isUnknown: (column: string) => boolean) {
    this.#tokens = tokens;
    this.#isUnknown = isUnknown;
  }

  whole(): Test {
    const test = this.#either();
    if (this.#at < this.#tokens.length) throw this.#wrong();
    return test;
  }

  #either(): Test {
    const tests = [this.#both()];
    while (this.#takes('OR')) tests.push(this.#both());
    return (row) => tests.some((test) => test(row));
  }

  #both(): Test {
    const tests = [this.#one()];
    while (this.#takes('AND')) tests.push(this.#one());
    return (row) => tests.every((test) => test(row));
  }

  #one(): Test {
    if (this.#takes('(')) {
      const inner = this.#either();
      if (!this.#takes(')')) throw this.#wrong();
      return inner;
    }
    const [column = '', operator = '', value = ''] = this.#tokens.slice(this.#at, this.#at + 3);
    this.#at += 3;
    if (this.#isUnknown(column)) {
      throw new SimError([400, 4002], `Unknown column in where: ${column}`);
    }
    return compared(column, operator, value.replace(/^'|'$/g, '')) ?? this.#fail();
  }

  #takes(token: string): boolean {
    const taken = this.#tokens[this.#at]?.toUpperCase() === token;
    if (taken) this.#at += 1;
    return taken;
  }

  #wrong(): SimError {
    return new SimError([400, 4002], `Invalid where near: ${this.#tokens[this.#at] ?? 'the end'}`);
  }

  #fail(): never {
    throw this.#wrong();
  }
}

function compared(column: string, operator: string, value: string): Test | undefined {
  if (operator === 'EQ') return (row) => text(row[column]) === value;
  if (operator === 'NE') return (row) => text(row[column]) !== value;
  if (operator === 'CP') return (row) => like(value).test(text(row[column]));
  return undefined;
}

function like(pattern: string): RegExp {
  const parts = pattern.split('%').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's');
}

/** Objects are compared by their id, as `(cluster EQ 1)` is. */
function text(value: unknown): string {
  if (typeof value === 'object' && value !== null) return 'id' in value ? String(value.id) : '';
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
