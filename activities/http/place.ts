import { BlockList, isIP } from 'node:net';
import { Address6 } from 'ip-address';
import type { Failure } from '../../workflows/domain/failure.ts';
import type { Trust } from '../servers/server-module.ts';

/** What decides where a panel may be. */
export type PlaceTrust = Pick<Trust, 'allowPlainHttp' | 'allowPrivate'>;

const acceptedUrl = 'the full address of the panel, like https://panel.example.com:1500/ipmgr';

/** Addresses no panel is ever at, whatever an operator allows (design.md 7, end). */
const never = new BlockList();
never.addSubnet('0.0.0.0', 8, 'ipv4'); // unspecified, "this network"
never.addSubnet('169.254.0.0', 16, 'ipv4'); // link-local, and most clouds' metadata service
never.addSubnet('224.0.0.0', 4, 'ipv4'); // multicast
never.addSubnet('240.0.0.0', 4, 'ipv4'); // reserved and broadcast: not unicast
never.addAddress('100.100.100.200', 'ipv4'); // metadata, Alibaba Cloud
never.addAddress('168.63.129.16', 'ipv4'); // metadata, Azure
never.addAddress('192.0.0.192', 'ipv4'); // metadata, Oracle Cloud (classic)
never.addAddress('::', 'ipv6');
never.addSubnet('fe80::', 10, 'ipv6');
never.addSubnet('ff00::', 8, 'ipv6');
never.addAddress('fd00:ec2::254', 'ipv6'); // metadata, AWS
never.addAddress('fd20:ce::254', 'ipv6'); // metadata, Google Cloud

const inside = new BlockList();
inside.addSubnet('127.0.0.0', 8, 'ipv4');
inside.addSubnet('10.0.0.0', 8, 'ipv4');
inside.addSubnet('172.16.0.0', 12, 'ipv4');
inside.addSubnet('192.168.0.0', 16, 'ipv4');
inside.addSubnet('100.64.0.0', 10, 'ipv4');
inside.addAddress('::1', 'ipv6');
inside.addSubnet('fc00::', 7, 'ipv6');
inside.addSubnet('fec0::', 10, 'ipv6');

/** Why an address may not be connected to, or nothing. Checked on URLs, on every name's answer, and at each connect. */
export function refusedPlace(ip: string, trust: PlaceTrust): string | undefined {
  const forms = [ip, ...embedded(ip)];
  if (forms.some((form) => listed(never, form))) {
    return 'it is a link-local, metadata, multicast or unspecified address';
  }
  if (!trust.allowPrivate && forms.some((form) => listed(inside, form))) {
    return 'it is a loopback or private address';
  }
  return undefined;
}

function listed(list: BlockList, ip: string): boolean {
  return list.check(ip, isIP(ip) === 4 ? 'ipv4' : 'ipv6');
}

/** The IPv4 address that an IPv6 form carries: mapped, compatible, NAT64, 6to4. Each reaches the same host. */
function embedded(ip: string): readonly string[] {
  if (isIP(ip) !== 6) return [];
  const plain = ip.split('%')[0] ?? ip;
  const bits = new Address6(plain).bigInt();
  const high = bits >> 32n;
  if (high === 0xffffn || (high === 0n && bits > 1n) || high === 0x64_ff9b_0000_0000_0000_0000n) return [dotted(bits)];
  return bits >> 112n === 0x2002n ? [dotted(bits >> 80n)] : [];
}

function dotted(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 0xffn)).join('.');
}

export type ParsedPanelUrl = { readonly url: URL } | { readonly failure: Failure };

/**
 * Reads a panel's URL as an administrator gave it: https, or http where that was allowed; any unicast host; no
 * credentials, which would end up in logs (I11). The URL is taken as it stands: nothing is appended to its path.
 */
export function parsePanelUrl(text: string, trust: PlaceTrust): ParsedPanelUrl {
  const url = URL.parse(text.trim());
  if (url === null) return refused('invalid-url', 'is not a URL', text);
  // Credentials are never repeated in a message: no value from here on (I11).
  if (url.username !== '' || url.password !== '')
    return refused('url-has-credentials', 'has a user name or password in it');
  if (url.search !== '' || url.hash !== '') return refused('invalid-url', 'has a query or a fragment');
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return refused('invalid-url', 'is neither https nor http', text);
  if (url.protocol === 'http:' && !trust.allowPlainHttp) return plainHttp(text);
  if (url.hostname === '') return refused('invalid-url', 'names no host', text);
  const literal = hostLiteral(url);
  const reason = literal === undefined ? undefined : refusedPlace(literal, trust);
  return reason === undefined ? { url } : { failure: placeFailure(url.hostname, reason) };
}

/** The address a URL's host is written as, when it is one. */
export function hostLiteral(url: URL): string | undefined {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return isIP(host) === 0 ? undefined : host;
}

export function placeFailure(host: string, reason: string): Failure {
  return {
    code: 'url-not-allowed',
    message: `${host} may not be connected to: ${reason}`,
    next: 'Give the address at which the panel itself answers.',
    field: 'url',
    value: host,
    accepted: acceptedUrl,
  };
}

function plainHttp(text: string): ParsedPanelUrl {
  return {
    failure: {
      code: 'plain-http-not-allowed',
      message: 'The URL is plain http: the password would travel unprotected',
      next: 'Use https, with --ca or --pin for a self-signed certificate, or say --allow-plain-http.',
      field: 'url',
      value: text.slice(0, 200),
      accepted: acceptedUrl,
    },
  };
}

function refused(code: string, what: string, value?: string): ParsedPanelUrl {
  const safe = value !== undefined && !value.includes('@') ? { value: value.slice(0, 200) } : {};
  return {
    failure: {
      code,
      message: `The URL ${what}`,
      next: 'Give the URL of the panel alone; login and password are asked for apart.',
      field: 'url',
      ...safe,
      accepted: acceptedUrl,
    },
  };
}
