import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parsePanelUrl } from '../../activities/http/place.ts';
import { checkPlace, type Resolve } from '../../activities/http/resolve.ts';
import { mark, openTrust, Panels } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

const operator = { allowPlainHttp: false, allowPrivate: true };
const api = { allowPlainHttp: false, allowPrivate: false };

const accepted: readonly string[] = [
  'https://panel.example.com/ipmgr',
  'https://panel.example.com:1500/manager/ipmgr',
  'https://192.0.2.1:1500/ipmgr',
  'https://[2001:db8::1]/ipmgr',
  'HTTPS://Panel.Example.com/',
];

test.each(accepted)('%s is taken as it stands', (text) => {
  const parsed = parsePanelUrl(text, api);
  expect('url' in parsed && parsed.url.href).toBe(new URL(text).href);
});

const refused: readonly { readonly text: string; readonly code: string }[] = [
  { text: '', code: 'invalid-url' },
  { text: 'panel.example.com', code: 'invalid-url' },
  { text: 'ftp://panel.example.com/', code: 'invalid-url' },
  { text: 'file:///etc/passwd', code: 'invalid-url' },
  { text: 'https://panel.example.com/ipmgr?authinfo=a:b', code: 'invalid-url' },
  { text: 'https://panel.example.com/ipmgr#x', code: 'invalid-url' },
  { text: 'https://user:secret@panel.example.com/', code: 'url-has-credentials' },
  { text: 'https://user@panel.example.com/', code: 'url-has-credentials' },
  { text: 'http://panel.example.com/ipmgr', code: 'plain-http-not-allowed' },
  { text: 'http://127.0.0.1/ipmgr', code: 'plain-http-not-allowed' },
  { text: 'https://169.254.169.254/latest', code: 'url-not-allowed' },
  { text: 'https://[fe80::1]/', code: 'url-not-allowed' },
  { text: 'https://224.0.0.1/', code: 'url-not-allowed' },
  { text: 'https://[ff02::1]/', code: 'url-not-allowed' },
  { text: 'https://0.0.0.0/', code: 'url-not-allowed' },
  { text: 'https://[::]/', code: 'url-not-allowed' },
  { text: 'https://255.255.255.255/', code: 'url-not-allowed' },
  { text: 'https://[::ffff:169.254.169.254]/', code: 'url-not-allowed' },
  { text: 'https://[64:ff9b::a9fe:a9fe]/', code: 'url-not-allowed' },
  { text: 'https://[2002:a9fe:a9fe::1]/', code: 'url-not-allowed' },
  { text: 'https://[fd00:ec2::254]/', code: 'url-not-allowed' },
  { text: 'https://0xa9fea9fe/', code: 'url-not-allowed' },
  { text: 'https://2852039166/', code: 'url-not-allowed' },
];

test.each(refused)('"$text" is refused everywhere: $code', ({ text, code }) => {
  const parsed = parsePanelUrl(text, operator);
  expect(parsed).toMatchObject({ failure: { code, field: 'url' } });
  expect(JSON.stringify(parsed)).not.toContain('secret');
});

const inside: readonly string[] = [
  'https://127.0.0.1/',
  'https://127.1/',
  'https://10.0.0.1/',
  'https://172.16.5.5/',
  'https://192.168.1.1/',
  'https://100.64.0.1/',
  'https://[::1]/',
  'https://[fd12::1]/',
  'https://[::ffff:10.0.0.1]/',
  'https://[64:ff9b::7f00:1]/',
];

test.each(inside)('%s may be reached from the command line, and not through the HTTP API', (text) => {
  expect('url' in parsePanelUrl(text, operator)).toBe(true);
  expect(parsePanelUrl(text, api)).toMatchObject({ failure: { code: 'url-not-allowed' } });
});

describe('names are judged by all their answers', () => {
  function answers(...lists: readonly (readonly string[])[]): Resolve & { readonly asked: () => number } {
    let asked = 0;
    const resolve: Resolve = (_name, _options, callback) => {
      const list = lists[Math.min(asked, lists.length - 1)] ?? [];
      asked += 1;
      callback(
        null,
        list.map((address): LookupAddress => ({ address, family: address.includes(':') ? 6 : 4 })),
      );
    };
    return Object.assign(resolve, { asked: () => asked });
  }

  test.each([
    { list: ['192.0.2.1'], code: undefined },
    { list: ['192.0.2.1', '169.254.169.254'], code: 'url-not-allowed' },
    { list: ['fe80::5'], code: 'url-not-allowed' },
    { list: ['127.0.0.1'], code: 'url-not-allowed' },
  ])('$list', async ({ list, code }) => {
    const failure = await checkPlace(new URL('https://panel.example.com/'), api, answers(list));
    expect(failure?.code).toBe(code);
  });

  test('a name that answers well first and badly later is refused at the connection: nothing is sent', async () => {
    const panel = await panels.panel();
    const resolve = answers(['192.0.2.1'], ['127.0.0.1']);
    const url = `http://panel.example.com:${panel.port}/ipmgr`;
    const trust = { ...openTrust, allowPrivate: false };
    expect(await checkPlace(new URL(url), trust, resolve)).toBeUndefined();
    const outcome = await panels
      .client(url, { trust, resolve })
      .allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
    expect(outcome).toMatchObject({ kind: 'not-sent', failure: { code: 'url-not-allowed' } });
    expect(resolve.asked()).toBe(2);
    expect(panel.log).toHaveLength(0);
  });

  test('the connection goes to the answer that was checked', async () => {
    const panel = await panels.panel();
    const url = `http://panel.example.com:${panel.port}/ipmgr`;
    const ipm = panels.client(url, { resolve: answers(['127.0.0.1']) });
    expect(await ipm.read('203.0.113.7')).toBeUndefined();
  });

  test('a link-local address is refused at the connection, whatever is allowed', async () => {
    const ipm = panels.client('https://169.254.169.254/ipmgr');
    await expect(ipm.list()).rejects.toMatchObject({ failure: { code: 'url-not-allowed' }, retryable: false });
  });
});
