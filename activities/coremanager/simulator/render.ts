import type { SimNode } from './node.ts';

export type OutFormat = 'json' | 'xml';

/** Names that are arrays in JSON even when single (seen: reference/ispsystem-protocol.md 1.5; `param` may be either). */
const arrays = new Set(['elem', 'slist', 'val', 'page', 'field', 'col', 'toolbtn', 'toolgrp', 'action']);

export function render(
  nodes: readonly SimNode[],
  attributes: Readonly<Record<string, string>>,
  out: OutFormat,
): string {
  const doc: SimNode = { name: 'doc', attributes, children: nodes };
  return out === 'json'
    ? JSON.stringify({ doc: jsonOf(doc) })
    : `<?xml version="1.0" encoding="UTF-8"?>\n${xmlOf(doc)}\n`;
}

function jsonOf(node: SimNode): Record<string, unknown> {
  const value: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(node.attributes ?? {})) value[`$${name}`] = text;
  for (const inner of node.children ?? []) {
    const before = value[inner.name];
    if (Array.isArray(before)) before.push(jsonOf(inner));
    else if (before === undefined) value[inner.name] = arrays.has(inner.name) ? [jsonOf(inner)] : jsonOf(inner);
    else value[inner.name] = [before, jsonOf(inner)];
  }
  if (node.text !== undefined && node.text !== '') value['$'] = node.text;
  return value;
}

function xmlOf(node: SimNode): string {
  const attributes = Object.entries(node.attributes ?? {}).map(([name, text]) => ` ${name}="${escapeXml(text)}"`);
  const inside = escapeXml(node.text ?? '') + (node.children ?? []).map(xmlOf).join('');
  const open = `${node.name}${attributes.join('')}`;
  return inside === '' ? `<${open}/>` : `<${open}>${inside}</${node.name}>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
