import { attribute, child, childNames, children, isNode, rawOf, type PanelNode } from '../../coremanager/tree.ts';
import type { Fields } from '../../coremanager/exchange.ts';

/** What a form document holds beside its fields (seen: reference/ispsystem-protocol.md 1.4, 1.5). */
const notFields = new Set([
  'elid',
  'plid',
  'slist',
  'metadata',
  'messages',
  'tparams',
  'saved_filters',
  'error',
  'warning',
  'ok',
  'auth',
]);

/**
 * Every field of a form as it must go back: raw values, select values too. A change that sends only what changed may
 * clear the rest (design.md 3, step 6).
 */
export function formFields(doc: PanelNode): Fields {
  const fields: Record<string, string | readonly string[]> = Object.create(null);
  for (const name of childNames(doc)) {
    const values = children(doc, name);
    if (notFields.has(name) || name.startsWith('p_') || values.some((value) => childNames(value).length > 0)) continue;
    const texts = values.map(rawOf);
    fields[name] = texts.length === 1 ? (texts[0] ?? '') : texts;
  }
  return fields;
}

/** The choices of a select field, or nothing when the form has no such list. Mechanism seen (1.4). */
export function choices(doc: PanelNode, name: string): readonly string[] | undefined {
  const list = children(doc, 'slist').find((one) => attribute(one, 'name') === name);
  return list === undefined ? undefined : children(list, 'val').map((value) => attribute(value, 'key') ?? rawOf(value));
}

export interface FormField {
  readonly present: boolean;
  /** How many characters the form lets in, where its description says so. */
  readonly maxLength: number | undefined;
}

/** Whether a form or list has a field or column of that name: as an element, or in its `metadata` (seen on sister panels). */
export function fieldOf(doc: PanelNode, name: string): FormField {
  const metadata = child(doc, 'metadata');
  const described = metadata === undefined ? undefined : find(metadata, name, 0);
  const length = described === undefined ? Number.NaN : Number(lengthOf(described) ?? Number.NaN);
  return {
    present: described !== undefined || child(doc, name) !== undefined,
    maxLength: Number.isInteger(length) && length > 0 ? length : undefined,
  };
}

const deepest = 12;

function find(node: PanelNode, name: string, depth: number): PanelNode | undefined {
  if (depth > deepest) return undefined;
  for (const key of childNames(node)) {
    for (const inner of children(node, key)) {
      if ((key === 'field' || key === 'col' || key === 'column') && attribute(inner, 'name') === name) return inner;
      const below = find(inner, name, depth + 1);
      if (below !== undefined) return below;
    }
  }
  return undefined;
}

function lengthOf(field: PanelNode): string | undefined {
  const inputs = childNames(field).flatMap((key) => children(field, key).filter(isNode));
  return [field, ...inputs].map((node) => attribute(node, 'maxlength')).find((length) => length !== undefined);
}
