import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parsePin, peerCertificate } from '../../activities/http/certificate.ts';
import { guardedLookup, systemResolve } from '../../activities/http/resolve.ts';
import type { Trust } from '../../activities/servers/server-module.ts';
import { mark, openTrust, Panels } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

function pem(name: string): string {
  return readFileSync(new URL(`../support/tls/${name}`, import.meta.url), 'utf8');
}

function fingerprint(name: string): string {
  return new X509Certificate(pem(`${name}.crt`)).fingerprint256;
}

function trusting(trust: Partial<Trust>): Trust {
  return { ...openTrust, allowPlainHttp: false, ...trust };
}

const allowed: readonly { readonly name: string; readonly shown: string; readonly trust: Trust }[] = [
  { name: 'its own certificate as ca', shown: 'self-signed', trust: trusting({ ca: pem('self-signed.crt') }) },
  { name: 'its authority as ca', shown: 'signed', trust: trusting({ ca: pem('authority.crt') }) },
  { name: 'a leaf another authority signed, as ca', shown: 'signed', trust: trusting({ ca: pem('signed.crt') }) },
  { name: 'a pin alone, self-signed', shown: 'self-signed', trust: trusting({ pin: fingerprint('self-signed') }) },
  {
    name: 'a pin alone, signed by an authority nobody knows',
    shown: 'signed',
    trust: trusting({ pin: fingerprint('signed') }),
  },
  {
    name: 'a pin, lower case without colons',
    shown: 'self-signed',
    trust: trusting({ pin: fingerprint('self-signed').replaceAll(':', '').toLowerCase() }),
  },
  {
    name: 'a pin for a certificate without names',
    shown: 'no-names',
    trust: trusting({ pin: fingerprint('no-names') }),
  },
  {
    name: 'a pin for a certificate of another name',
    shown: 'wrong-name',
    trust: trusting({ pin: fingerprint('wrong-name') }),
  },
  {
    name: 'ca and pin',
    shown: 'self-signed',
    trust: trusting({ ca: pem('self-signed.crt'), pin: fingerprint('self-signed') }),
  },
];

test.each(allowed)('a panel is trusted by $name', async ({ shown, trust }) => {
  const tls = { key: pem(`${shown}.key`), cert: pem(`${shown}.crt`) };
  const panel = await panels.panel({ tls });
  const ipm = panels.client(panel.url, { trust });
  expect((await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).kind).toBe('allocated');
});

const refused: readonly {
  readonly name: string;
  readonly shown: string;
  readonly trust: Trust;
  readonly code?: string;
}[] = [
  { name: 'self-signed, and nothing is said about trust', shown: 'self-signed', trust: trusting({}) },
  { name: 'another certificate than the ca', shown: 'other', trust: trusting({ ca: pem('self-signed.crt') }) },
  { name: 'another certificate than the pin', shown: 'other', trust: trusting({ pin: fingerprint('self-signed') }) },
  {
    name: 'a wrong pin beside the right ca',
    shown: 'self-signed',
    trust: trusting({ ca: pem('self-signed.crt'), pin: fingerprint('other') }),
  },
  {
    name: 'the right pin beside a wrong ca',
    shown: 'self-signed',
    trust: trusting({ ca: pem('other.crt'), pin: fingerprint('self-signed') }),
  },
  { name: 'no names in it, trusted by ca', shown: 'no-names', trust: trusting({ ca: pem('no-names.crt') }) },
  { name: 'another name in it, trusted by ca', shown: 'wrong-name', trust: trusting({ ca: pem('wrong-name.crt') }) },
  { name: 'expired, trusted by ca', shown: 'expired', trust: trusting({ ca: pem('expired.crt') }) },
  { name: 'expired, trusted by pin', shown: 'expired', trust: trusting({ pin: fingerprint('expired') }) },
  { name: 'a pin that is none', shown: 'self-signed', trust: trusting({ pin: 'AA:BB' }) },
];

describe('a certificate that is not trusted gets no byte of a request', () => {
  test.each(refused)('$name', async ({ shown, trust }) => {
    const listener = await plainTls(shown);
    const ipm = panels.client(listener.url, { trust });
    // Twice: what a first refusal leaves behind (a session, a cached certificate) must not let the second one through.
    for (let time = 0; time < 2; time += 1) {
      const outcome = await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) });
      expect(outcome).toMatchObject({ kind: 'not-sent', failure: { code: 'panel-certificate' } });
    }
    await expect(ipm.list()).rejects.toMatchObject({ retryable: false });
    expect(listener.received()).toBe(0);
  });

  test('a panel that changes its certificate is refused from the next connection on', async () => {
    const first = await panels.panel({ tls: { key: pem('self-signed.key'), cert: pem('self-signed.crt') } });
    const ipm = panels.client(first.url, { trust: trusting({ pin: fingerprint('self-signed') }) });
    expect(await ipm.read('203.0.113.7')).toBeUndefined();
    await first.close();
    const second = await panels.panel({ port: first.port, tls: { key: pem('other.key'), cert: pem('other.crt') } });
    expect(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).toMatchObject({ kind: 'not-sent' });
    expect(second.log).toHaveLength(0);
  });

  test('TLS 1.2 refuses alike', async () => {
    const listener = await plainTls('wrong-name', 'TLSv1.2');
    const ipm = panels.client(listener.url, { trust: trusting({ ca: pem('wrong-name.crt') }) });
    for (let time = 0; time < 3; time += 1)
      await expect(ipm.list()).rejects.toMatchObject({ failure: { code: 'panel-certificate' } });
    expect(listener.received()).toBe(0);
  });
});

test('what a host shows can be looked at before it is pinned', async () => {
  const listener = await plainTls('self-signed');
  const lookup = guardedLookup(systemResolve, openTrust);
  const seen = await peerCertificate({ host: '127.0.0.1', port: listener.port, lookup, timeoutMs: 2000 });
  expect(parsePin(seen.fingerprint256)).toBe(parsePin(fingerprint('self-signed')));
  expect(listener.received()).toBe(0);
});

test('a plain server where TLS is expected is unreachable, not trusted', async () => {
  const panel = await panels.panel();
  const ipm = panels.client(panel.url.replace('http:', 'https:'), { trust: trusting({}) });
  expect(await ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) })).toMatchObject({ kind: 'not-sent' });
});

/** A TLS server that only counts the bytes it is sent inside TLS. */
async function plainTls(name: string, maxVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  let bytes = 0;
  const sockets = new Set<TLSSocket>();
  const server = createServer({ key: pem(`${name}.key`), cert: pem(`${name}.crt`), maxVersion }, (socket) => {
    sockets.add(socket);
    socket.on('data', (part: Buffer) => {
      bytes += part.length;
    });
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((settle) => {
    server.listen(0, '127.0.0.1', settle);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  panels.keep({
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((settle) => {
        server.close(() => settle());
      });
    },
  });
  return { url: `https://127.0.0.1:${port}/ipmgr`, port, received: () => bytes };
}
