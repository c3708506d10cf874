import { acceptedAddress, isAddress, parseAddress } from './address.ts';
import { acceptedHostname, parseHostname } from './hostname.ts';
import { acceptedGroup, acceptedId, acceptedName, groupShape, idShape, nameShape } from './names.ts';
import { mostAddresses, serviceKinds, type ServiceKind } from './states.ts';

/** One service with its addresses, as it exists already (design.md 9). */
export interface ImportRow {
  readonly service: string;
  readonly kind: ServiceKind;
  readonly domain: string;
  readonly customer: string | null;
  readonly server: string;
  readonly tariff: string;
  /** `null`: that of the tariff or of the kind of service. */
  readonly group: string | null;
  readonly addresses: readonly ImportAddress[];
}

export interface ImportAddress {
  readonly ip: string;
  /** The PTR that is wanted; `null`: the one that stands in IPmanager. */
  readonly ptr: string | null;
}

/** One thing wrong in a row: its stable code, what stood there, what is accepted, and why it is not. */
export interface RowProblem {
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly accepted: string;
  readonly reason: string;
}

export type CheckedRow =
  | { readonly ok: true; readonly row: ImportRow }
  | { readonly ok: false; readonly problems: readonly RowProblem[] };

export const importFields = [
  'service',
  'kind',
  'domain',
  'customer',
  'server',
  'tariff',
  'group',
  'addresses',
  'ptr',
] as const;
export type ImportField = (typeof importFields)[number];

export const acceptedAddresses = `addresses separated by spaces or semicolons, at most ${mostAddresses}; each ${acceptedAddress}`;
export const acceptedPtrs =
  'as many names as addresses, in their order, separated by spaces or semicolons, - for none; or one name for all';

/**
 * Checks one row, be it a line of CSV (texts) or of JSON (texts, lists of texts, `null` for absent). All that is wrong is
 * said at once. Whether server and tariff exist is the ledger's to say.
 */
export function checkImportRow(input: Readonly<Record<string, unknown>>): CheckedRow {
  const problems: RowProblem[] = unknownFields(input);
  const at = (field: ImportField): string => plainText(input, field, problems);
  const shaped = (field: ImportField, shape: Shape): string => matching({ field, value: at(field) }, shape, problems);
  const optional = (field: ImportField, shape: Shape): string | null =>
    isAbsent(input[field]) ? null : shaped(field, shape);
  const row = {
    service: shaped('service', { shape: idShape, accepted: acceptedId }),
    kind: kindOf(at('kind'), problems),
    domain: domainOf(at('domain'), problems),
    customer: optional('customer', { shape: idShape, accepted: acceptedId }),
    server: shaped('server', { shape: nameShape, accepted: acceptedName }),
    tariff: shaped('tariff', { shape: nameShape, accepted: acceptedName }),
    group: optional('group', { shape: groupShape, accepted: acceptedGroup }),
    addresses: addressesOf(input, problems),
  };
  if (row.kind === 'licence' && row.addresses.length > 0) {
    const value = shown(input['addresses']);
    const reason = 'a service of kind licence uses no address';
    problems.push({ code: 'licence-with-address', field: 'addresses', value, accepted: 'none', reason });
  }
  return problems.length === 0 ? { ok: true, row } : { ok: false, problems };
}

function invalid(problem: Omit<RowProblem, 'code'>): RowProblem {
  return { code: 'invalid-input', ...problem };
}

interface Shape {
  readonly shape: RegExp;
  readonly accepted: string;
}

interface Cell {
  readonly field: string;
  readonly value: string;
}

function unknownFields(input: Readonly<Record<string, unknown>>): RowProblem[] {
  const known: readonly string[] = importFields;
  return Object.keys(input)
    .filter((field) => !known.includes(field))
    .map((field) => ({
      code: 'unknown-field',
      field,
      value: shown(input[field]),
      accepted: `the fields ${importFields.join(', ')}`,
      reason: 'is not a field of an import',
    }));
}

/** The text of a field. Absent is empty; each field says by itself that it may not be. */
function plainText(input: Readonly<Record<string, unknown>>, field: ImportField, problems: RowProblem[]): string {
  const value = input[field];
  if (isAbsent(value)) return '';
  if (typeof value === 'string') return value.trim();
  problems.push(invalid({ field, value: shown(value), accepted: 'a text', reason: 'is not a text' }));
  return '';
}

function matching({ field, value }: Cell, { shape, accepted }: Shape, problems: RowProblem[]): string {
  if (shape.test(value) || isReported(field, problems)) return value;
  problems.push(
    invalid({ field, value: shown(value), accepted, reason: value === '' ? 'is missing' : 'is not accepted' }),
  );
  return value;
}

function kindOf(value: string, problems: RowProblem[]): ServiceKind {
  const kind = serviceKinds.find((one) => one === value);
  if (kind !== undefined) return kind;
  const reason = value === '' ? 'is missing' : 'is no kind of service';
  if (!isReported('kind', problems)) {
    problems.push(invalid({ field: 'kind', value: shown(value), accepted: serviceKinds.join(', '), reason }));
  }
  return 'other';
}

function domainOf(value: string, problems: RowProblem[]): string {
  const parsed = parseHostname(value);
  if ('name' in parsed) return parsed.name;
  if (!isReported('domain', problems)) {
    const reason = value === '' ? 'is missing' : parsed.problem;
    problems.push(invalid({ field: 'domain', value: shown(value), accepted: acceptedHostname, reason }));
  }
  return value;
}

function addressesOf(input: Readonly<Record<string, unknown>>, problems: RowProblem[]): readonly ImportAddress[] {
  const texts = listOf(input, 'addresses', problems);
  const ptrs = listOf(input, 'ptr', problems);
  const ips = texts.map((text) => addressOf(text, problems));
  const wrong = (field: 'addresses' | 'ptr', problem: Pick<RowProblem, 'code' | 'accepted' | 'reason'>): void => {
    problems.push({ ...problem, field, value: shown(input[field]) });
  };
  if (texts.length > mostAddresses) {
    wrong('addresses', { code: 'too-many', accepted: acceptedAddresses, reason: `has ${texts.length} addresses` });
  }
  const twice = ips.find((ip, at) => ips.indexOf(ip) !== at);
  if (twice !== undefined) {
    wrong('addresses', { code: 'twice-in-file', accepted: 'each address once', reason: `has ${twice} twice` });
  }
  if (ptrs.length > 1 && ptrs.length !== ips.length) {
    const reason = `has ${ptrs.length} names for ${count(ips.length)}`;
    wrong('ptr', { code: 'invalid-input', accepted: acceptedPtrs, reason });
  }
  if (ptrs.length > 0 && ips.length === 0) {
    wrong('ptr', { code: 'invalid-input', accepted: acceptedPtrs, reason: 'has a name, and the row has no address' });
  }
  const names = ptrs.map((text) => ptrOf(text, problems));
  return ips.map((ip, at) => ({ ip, ptr: (names.length === 1 ? names[0] : names[at]) ?? null }));
}

/** A cell of CSV, or a list of JSON. Spaces, semicolons and line ends part its texts. */
function listOf(
  input: Readonly<Record<string, unknown>>,
  field: ImportField,
  problems: RowProblem[],
): readonly string[] {
  const value = input[field];
  if (isAbsent(value)) return [];
  if (typeof value === 'string') return value.split(/[\s;]+/).filter((text) => text !== '');
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.map((one) => one.trim());
  problems.push(invalid({ field, value: shown(value), accepted: 'a text or a list of texts', reason: 'is neither' }));
  return [];
}

function addressOf(text: string, problems: RowProblem[]): string {
  const parsed = parseAddress(text);
  if (isAddress(parsed)) return parsed.ip;
  problems.push(invalid({ field: 'addresses', value: shown(text), accepted: acceptedAddress, reason: parsed.problem }));
  return text;
}

function ptrOf(text: string, problems: RowProblem[]): string | null {
  if (text === '' || text === '-') return null;
  const parsed = parseHostname(text);
  if ('name' in parsed) return parsed.name;
  problems.push(invalid({ field: 'ptr', value: shown(text), accepted: acceptedHostname, reason: parsed.problem }));
  return null;
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '');
}

function isReported(field: string, problems: readonly RowProblem[]): boolean {
  return problems.some((problem) => problem.field === field);
}

function count(addresses: number): string {
  return addresses === 1 ? '1 address' : `${addresses} addresses`;
}

/** As it stood, cut, on one line. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const line = text.replace(/\p{Cc}/gu, '�');
  return line.length > 120 ? `${line.slice(0, 117)}…` : line;
}
