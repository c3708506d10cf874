/** One element of an answer, before it is written as JSON or XML. */
export interface SimNode {
  readonly name: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly children?: readonly SimNode[];
}

export function element(name: string, text = '', attributes: Readonly<Record<string, string>> = {}): SimNode {
  return { name, text, attributes };
}

export function group(
  name: string,
  nodes: readonly SimNode[],
  attributes: Readonly<Record<string, string>> = {},
): SimNode {
  return { name, children: nodes, attributes };
}

/** A select list of a form (seen: reference/ispsystem-protocol.md 1.4). */
export function slist(name: string, keys: readonly string[]): SimNode {
  return group(
    'slist',
    keys.map((key) => element('val', key, { key })),
    { name },
  );
}

/** The description of a form's fields, which COREmanager sends with every form. */
export function formMetadata(
  name: string,
  manager: string,
  fields: readonly (string | { readonly name: string; readonly maxLength: number })[],
): SimNode {
  const described = fields.map((field) => {
    const plain = typeof field === 'string' ? { name: field } : field;
    const length: Record<string, string> = 'maxLength' in plain ? { maxlength: String(plain.maxLength) } : {};
    return group('field', [element('input', '', { name: plain.name, type: 'text', ...length })], { name: plain.name });
  });
  return group('metadata', [group('form', [group('page', described, { name: 'main' })])], {
    name,
    type: 'form',
    mgr: manager,
  });
}

export interface ListMetadata {
  readonly name: string;
  readonly manager: string;
  readonly key: string;
  readonly columns: readonly string[];
  readonly deleteFunction: string;
}

export function listMetadata(list: ListMetadata): SimNode {
  const button = element('toolbtn', '', { func: list.deleteFunction, name: 'delete', type: 'group', img: 't-delete' });
  const columns = list.columns.map((name) => element('col', '', { name, type: 'data' }));
  return group(
    'metadata',
    [
      group('toolbar', [group('toolgrp', [button], { name: 'standard' })], { view: 'small' }),
      group('coldata', columns),
    ],
    { name: list.name, type: 'list', key: list.key, mgr: list.manager },
  );
}
