/**
 * A panel's document in the one shape both formats are read into: COREmanager's own JSON tree. The text of an element is
 * `$`, its attribute `x` is `$x`, an empty element is `{}`, a repeated one an array
 * (seen: reference/ispsystem-protocol.md 1.5). Every look goes through own properties only, so a `__proto__` in an answer
 * is a name like any other.
 */
export type PanelNode = Readonly<Record<string, unknown>>;

/** The children of that name; one object counts as a list of one (seen: `param` is an object when single). */
export function children(node: PanelNode, name: string): readonly PanelNode[] {
  const value = own(node, name);
  if (Array.isArray(value)) return value.filter(isNode);
  return isNode(value) ? [value] : [];
}

export function child(node: PanelNode, name: string): PanelNode | undefined {
  const value = own(node, name);
  if (Array.isArray(value)) return value.find(isNode);
  return isNode(value) ? value : undefined;
}

/** The text of a child; empty when the element is empty, nothing when there is no such element. */
export function childText(node: PanelNode, name: string): string | undefined {
  const found = child(node, name);
  return found === undefined ? undefined : textOf(found);
}

/** The raw value of a child: `orig` where the panel shows a translation (seen: 1.5). Decide on this, never on the text. */
export function rawText(node: PanelNode, name: string): string | undefined {
  const found = child(node, name);
  return found === undefined ? undefined : rawOf(found);
}

export function rawOf(node: PanelNode): string {
  return asText(own(node, '$orig')) ?? textOf(node);
}

export function textOf(node: PanelNode): string {
  return asText(own(node, '$')) ?? '';
}

export function attribute(node: PanelNode, name: string): string | undefined {
  return asText(own(node, `$${name}`));
}

/** The names of a node's child elements, in the order of the document. */
export function childNames(node: PanelNode): readonly string[] {
  return Object.keys(node).filter((name) => !name.startsWith('$'));
}

export function isNode(value: unknown): value is PanelNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Most names that are asked for are not there: a plain look says so cheapest, in lists of a million rows. */
function own(node: PanelNode, name: string): unknown {
  const value = node[name];
  return value !== undefined && Object.hasOwn(node, name) ? value : undefined;
}

/** All scalars are strings (seen: 1.5). A number is taken as its text; anything else is no text. */
function asText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}
