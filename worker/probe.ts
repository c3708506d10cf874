import type { Dialect, IpManager } from '../activities/ipmanager/ip-manager.ts';
import { createIpManager } from '../activities/ipmanager/http/create-ip-manager.ts';
import { peerCertificate } from '../activities/http/certificate.ts';
import { guardedLookup, systemResolve } from '../activities/http/resolve.ts';
import type { IntegrationFields, IntegrationSecrets, ServerFields } from '../activities/ledger/settings.ts';
import type { ServerReport } from '../activities/servers/server-module.ts';
import { openServer } from './compose.ts';
import { IptallyError } from './iptally-error.ts';
import { isRecord } from './local/values.ts';

/** What a panel said of itself before it was saved. */
export interface PanelReport {
  readonly dialect: Dialect;
  /** The same for the administrator's login, where there is one. */
  readonly administrator: Dialect | null;
}

/** Asks a panel what it is, with values that need not be saved. Changes nothing there (design.md 7). */
export async function probePanel(fields: IntegrationFields, secrets: IntegrationSecrets): Promise<PanelReport> {
  const dialect = await readDialect(fields, fields.login, secrets.password);
  const { adminLogin } = fields;
  const { adminPassword } = secrets;
  if (adminLogin === null || adminPassword === null) return { dialect, administrator: null };
  const administrator = await readDialect(fields, adminLogin, adminPassword);
  const asUser = await actsAsUser(fields, adminLogin, adminPassword);
  return { dialect: { ...dialect, acting: { login: adminLogin, asUser } }, administrator };
}

/** A panel as one login sees it. The caller closes it. */
export function openPanel(fields: IntegrationFields, login: string, password: string): IpManager {
  return createIpManager({ ...connectionOf(fields), login, password });
}

function connectionOf({ url, ca, pin, allowPlainHttp, requestTimeoutMs, dialectOverrides }: IntegrationFields) {
  const trust = { ca, pin, allowPlainHttp, allowPrivate: true };
  return { url, trust, requestTimeoutMs, overrides: dialectOverrides };
}

/** Not every panel heeds `su`: one that does not would take addresses for the administrator's own account. */
async function actsAsUser(fields: IntegrationFields, login: string, password: string): Promise<boolean> {
  const panel = createIpManager({ ...connectionOf(fields), login, password, actAs: fields.login });
  try {
    return await panel.actsAsUser();
  } finally {
    await panel.close();
  }
}

async function readDialect(fields: IntegrationFields, login: string, password: string): Promise<Dialect> {
  const panel = openPanel(fields, login, password);
  try {
    return await panel.readDialect();
  } catch (error) {
    throw await withFingerprint(error, fields.url);
  } finally {
    await panel.close();
  }
}

/** The same for a server. */
export async function probeServer(name: string, fields: ServerFields, secret: string | null): Promise<ServerReport> {
  const server = openServer({ ...fields, name, createdAt: new Date().toISOString() }, secret);
  try {
    return await server.test();
  } catch (error) {
    throw fields.url === null ? error : await withFingerprint(error, fields.url);
  } finally {
    await server.close();
  }
}

/** Says which certificate was seen and the flag that trusts it: nobody should have to dig for it with openssl. */
async function withFingerprint(error: unknown, url: string): Promise<unknown> {
  if (!(error instanceof Error) || !('failure' in error) || !isRecord(error.failure)) return error;
  if (error.failure['code'] !== 'panel-certificate') return error;
  const seen = await fingerprintAt(new URL(url)).catch(() => undefined);
  if (seen === undefined) return error;
  const { message } = error;
  return new IptallyError({
    code: 'panel-certificate',
    message: message.includes(seen) ? message : `${message}; the certificate seen there has the fingerprint ${seen}`,
    field: 'pin',
    value: seen,
    accepted: "a certificate that this machine trusts, the panel's own by --ca FILE, or its fingerprint by --pin",
    next: `compare the fingerprint with that of the panel itself; if it is the same, give --pin ${seen}`,
    exitStatus: 4,
  });
}

async function fingerprintAt(url: URL): Promise<string> {
  const certificate = await peerCertificate({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || 443),
    lookup: guardedLookup(systemResolve, { allowPlainHttp: false, allowPrivate: true }),
    timeoutMs: 5_000,
  });
  return certificate.fingerprint256;
}
