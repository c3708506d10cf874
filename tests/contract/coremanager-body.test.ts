import { describe, expect, test } from '@jest/globals';
import { parseBody } from '../../activities/coremanager/body.ts';
import { judgePanelError, panelError } from '../../activities/coremanager/panel-error.ts';
import { safeText } from '../../activities/http/safe-text.ts';
import { attribute, child, children, childText, rawText } from '../../activities/coremanager/tree.ts';

function docOf(text: string) {
  const body = parseBody(text);
  if (body.kind !== 'doc') throw new Error(body.kind);
  return body.doc;
}

describe('both formats read alike (reference 1.4, 1.5)', () => {
  const json = `{"doc":{"$lang":"en","elem":[{"ip":{"$":"192.0.2.1"},"note":{},"status":{"$orig":"pending","$":"Being checked"}}],
    "slist":[{"$name":"iptype","val":[{"$key":"public","$":"Public"}]}],"p_elems":{"$":"1"}}}`;
  const xml = `<?xml version="1.0"?><doc lang="en">
    <elem><ip>192.0.2.1</ip><note/><status orig="pending">Being checked</status></elem>
    <slist name="iptype"><val key="public">Public</val></slist><p_elems>1</p_elems></doc>`;
  const cdata = xml.replace('192.0.2.1', '<![CDATA[192.0.2.1]]>');

  test.each([
    ['json', json],
    ['xml', xml],
    ['xml with CDATA', cdata],
  ])('%s', (_name, text) => {
    const doc = docOf(text);
    const row = children(doc, 'elem')[0];
    expect(children(doc, 'elem')).toHaveLength(1);
    expect(row && childText(row, 'ip')).toBe('192.0.2.1');
    expect(row && childText(row, 'note')).toBe('');
    expect(row && rawText(row, 'status')).toBe('pending');
    expect(row && childText(row, 'missing')).toBeUndefined();
    expect(attribute(doc, 'lang')).toBe('en');
    expect(childText(doc, 'p_elems')).toBe('1');
  });
});

const foreign: readonly { readonly name: string; readonly text: string; readonly kind: string }[] = [
  { name: 'nothing', text: '', kind: 'foreign' },
  { name: 'a number', text: '5', kind: 'foreign' },
  { name: 'a list', text: '[{"doc":{}}]', kind: 'foreign' },
  { name: 'JSON of another kind', text: '{"ok":true}', kind: 'foreign' },
  { name: 'a doc that is a text', text: '{"doc":"x"}', kind: 'foreign' },
  { name: 'cut JSON', text: '{"doc":{"ok":{}', kind: 'foreign' },
  { name: 'deep JSON', text: `{"doc":${'{"a":'.repeat(100)}1${'}'.repeat(100)}}`, kind: 'foreign' },
  { name: 'very deep JSON', text: `{"doc":${'['.repeat(3_000_000)}`, kind: 'foreign' },
  { name: 'cut XML', text: '<doc><ok>', kind: 'foreign' },
  { name: 'XML of another kind', text: '<rss></rss>', kind: 'foreign' },
  { name: 'deep XML', text: `<doc>${'<a>'.repeat(100)}${'</a>'.repeat(100)}</doc>`, kind: 'foreign' },
  { name: 'XML with a doctype', text: '<!DOCTYPE doc [<!ENTITY a "b">]><doc>&a;</doc>', kind: 'foreign' },
  { name: 'two roots', text: '<doc/><doc/>', kind: 'foreign' },
  { name: 'a web page', text: '\n<!DOCTYPE HTML><html></html>', kind: 'web-page' },
  { name: 'a web page without doctype', text: '<html><body>', kind: 'web-page' },
];

test.each(foreign)('$name is no answer of a panel', ({ text, kind }) => {
  const start = performance.now();
  expect(parseBody(text).kind).toBe(kind);
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('a bracket inside a text does not count as depth', () => {
  const note = `${'[{'.repeat(200)}\\"${'['.repeat(200)}`;
  expect(parseBody(`{"doc":{"note":{"$":"${note}"}}}`).kind).toBe('doc');
});

test('a __proto__ in an answer is a name like any other, in both formats', () => {
  const json = docOf('{"doc":{"__proto__":{"error":{"$type":"access"},"polluted":{"$":"x"}}}}');
  expect(child(json, 'error')).toBeUndefined();
  expect(childText(json, 'polluted')).toBeUndefined();
  const xml = docOf('<doc><__proto__><error type="access"/></__proto__><constructor>x</constructor></doc>');
  expect(child(xml, 'error')).toBeUndefined();
  expect(childText(xml, 'constructor')).toBe('x');
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

/** The words never decide: each row has a message that says something else. */
const errors: readonly {
  readonly doc: string;
  readonly func: string;
  readonly code: string;
  readonly notLoggedIn: boolean;
}[] = [
  {
    doc: '{"doc":{"error":{"$type":"auth","$object":"badpassword","msg":{"$":"no free address"}}}}',
    func: 'auth',
    code: 'login-refused',
    notLoggedIn: true,
  },
  {
    doc: '{"doc":{"error":{"$type":"access","$object":"ip","msg":{"$":"ok"}}}}',
    func: 'ip',
    code: 'access-denied',
    notLoggedIn: true,
  },
  {
    doc: '{"doc":{"error":{"$type":"missed","$object":"ip"}}}',
    func: 'ip.edit',
    code: 'not-found',
    notLoggedIn: false,
  },
  {
    doc: '{"doc":{"error":{"$type":"limit","$object":"ip"}}}',
    func: 'ip.edit',
    code: 'no-free-address',
    notLoggedIn: false,
  },
  {
    doc: '{"doc":{"error":{"$type":"limit","$object":"x"}}}',
    func: 'user.edit',
    code: 'limit-reached',
    notLoggedIn: false,
  },
  {
    doc: '{"doc":{"error":{"$type":"no_suitable_module"}}}',
    func: 'ip.edit',
    code: 'panel-refused',
    notLoggedIn: false,
  },
  {
    doc: '<doc><error type="value" object="iptype" code="6"><param name="value">gold</param></error></doc>',
    func: 'ip.edit',
    code: 'group-not-allowed',
    notLoggedIn: false,
  },
  {
    doc: '<doc><error code="1">out of memory</error></doc>',
    func: 'ip',
    code: 'panel-internal-error',
    notLoggedIn: false,
  },
  { doc: '<doc><error code="2" obj="name"/></doc>', func: 'x', code: 'already-exists', notLoggedIn: false },
  { doc: '<doc><error code="3" obj="elid"/></doc>', func: 'x', code: 'not-found', notLoggedIn: false },
  { doc: '<doc><error code="4" val="name"/></doc>', func: 'x', code: 'value-refused', notLoggedIn: false },
  { doc: '<doc><error code="5" val="ip"/></doc>', func: 'x', code: 'limit-reached', notLoggedIn: false },
  { doc: '<doc><error code="6" obj="ip"/></doc>', func: 'x', code: 'access-denied', notLoggedIn: true },
  { doc: '<doc><error code="7"/></doc>', func: 'x', code: 'panel-licence', notLoggedIn: false },
  { doc: '<doc><error code="8">text</error></doc>', func: 'x', code: 'panel-refused', notLoggedIn: false },
  { doc: '<doc><error code="99"/></doc>', func: 'x', code: 'panel-refused', notLoggedIn: false },
  { doc: '<doc><authfail/></doc>', func: 'auth', code: 'login-refused', notLoggedIn: true },
];

test.each(errors)('$doc of $func is $code', ({ doc, func, code, notLoggedIn }) => {
  const error = panelError(docOf(doc), []);
  expect(error && judgePanelError(error, func)).toMatchObject({ notLoggedIn, failure: { code } });
});

test('a single param may be an object, and no error element means no error', () => {
  const error = panelError(docOf('{"doc":{"error":{"$type":"value","param":{"$name":"value","$":"7"}}}}'), []);
  expect(error?.value).toBe('7');
  expect(panelError(docOf('<doc/>'), [])).toBeUndefined();
});

test("a panel's words come out safe: no control characters, no escapes, cut, and never with a secret (I11)", () => {
  expect(safeText('a\u001b[31mb\u0000\r\nc\u202Ed', [])).toBe('a [31mb c d');
  expect(safeText('x'.repeat(500), [])).toHaveLength(201);
  expect(safeText('password is p+ä s here', ['p+ä s'])).not.toContain('p+ä s');
  expect(safeText(`echo ${encodeURIComponent('p+ä s')}`, ['p+ä s'])).not.toContain('%C3%A4');
  expect(safeText(`echo ${new URLSearchParams({ a: 'p+ä s' }).toString()}`, ['p+ä s'])).not.toContain('%C3%A4');
});
