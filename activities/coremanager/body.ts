import { SaxesParser } from 'saxes';
import { readJson } from '../http/json.ts';
import { isNode, type PanelNode } from './tree.ts';

export type Format = 'json' | 'xml';

export type ParsedBody =
  | { readonly kind: 'doc'; readonly doc: PanelNode; readonly format: Format }
  | { readonly kind: 'web-page' }
  | { readonly kind: 'foreign'; readonly why: string };

/** Deeper than any form or list of a panel. */
const maxDepth = 64;

/** Reads an answer by what it is, not by what was asked for: older panels know only XML. */
export function parseBody(text: string): ParsedBody {
  const body = text.trimStart().replace(/^\uFEFF/, '');
  if (/^<(!doctype\s+html|html)\b/i.test(body)) return { kind: 'web-page' };
  if (body.startsWith('{')) return parseJson(body);
  if (body.startsWith('<')) return parseXml(body);
  return { kind: 'foreign', why: body === '' ? 'it is empty' : 'it is neither JSON nor XML' };
}

function parseJson(body: string): ParsedBody {
  const read = readJson(body, maxDepth);
  if (read.kind === 'foreign') return read;
  const doc = isNode(read.value) && Object.hasOwn(read.value, 'doc') ? read.value['doc'] : undefined;
  if (!isNode(doc)) return { kind: 'foreign', why: 'it is JSON of another kind' };
  return { kind: 'doc', doc, format: 'json' };
}

interface Building {
  readonly name: string;
  readonly node: Record<string, unknown>;
  text: string;
}

/** XML into the panel's own JSON shape. No doctype, hence no entities to expand; CDATA counts as text. */
function parseXml(body: string): ParsedBody {
  const open: Building[] = [];
  const roots: Building[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('doctype', () => {
    throw new Error('doctype');
  });
  parser.on('opentag', (tag) => {
    if (open.length >= maxDepth) throw new Error('depth');
    const node: Record<string, unknown> = Object.create(null);
    for (const [name, value] of Object.entries(tag.attributes)) node[`$${name}`] = value;
    open.push({ name: tag.name, node, text: '' });
  });
  const addText = (text: string): void => {
    const top = open.at(-1);
    if (top !== undefined) top.text += text;
  };
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('closetag', () => {
    const done = open.pop();
    if (done === undefined) return;
    close(done);
    const parent = open.at(-1);
    if (parent === undefined) roots.push(done);
    else adopt(parent.node, done);
  });
  try {
    parser.write(body).close();
  } catch {
    return { kind: 'foreign', why: 'it is not whole XML of a panel' };
  }
  const root = roots[0];
  if (root?.name === 'html') return { kind: 'web-page' };
  if (root?.name !== 'doc') return { kind: 'foreign', why: 'it is XML of another kind' };
  return { kind: 'doc', doc: root.node, format: 'xml' };
}

/** White space between child elements is layout; in a leaf it is the value. */
function close(done: Building): void {
  const leaf = !Object.keys(done.node).some((name) => !name.startsWith('$'));
  if (done.text !== '' && (leaf || done.text.trim() !== '')) done.node['$'] = done.text;
}

function adopt(parent: Record<string, unknown>, done: Building): void {
  const before = parent[done.name];
  if (before === undefined) parent[done.name] = done.node;
  else if (Array.isArray(before)) before.push(done.node);
  else parent[done.name] = [before, done.node];
}
