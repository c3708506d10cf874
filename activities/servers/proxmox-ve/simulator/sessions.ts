import { randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { passwordMatches } from '../../../coremanager/simulator/sessions.ts';
import { PveError } from './pve-error.ts';
import type { PveLogin, PveWorld } from './world.ts';

interface Ticket {
  readonly user: string;
  readonly csrf: string;
  readonly madeAt: number;
}

export interface Tickets {
  /** The answer to `POST /access/ticket`. */
  logIn(username: string, password: string): unknown;
  /** Who calls. Throws 401, as the panel does before it looks at what is asked. */
  identify(method: string, headers: IncomingHttpHeaders): PveLogin;
  /** Who seems to call, for the record. */
  nameIn(headers: IncomingHttpHeaders): string;
  loseAll(): void;
}

export function createTickets(world: PveWorld): Tickets {
  const tickets = new Map<string, Ticket>();
  return {
    logIn(username, password) {
      const login = world.logins.get(username);
      if (login === undefined || username.includes('!') || !matches(login, password))
        throw new PveError(401, 'authentication failure');
      if (world.knobs.secondFactor)
        return { username, ticket: 'PVE:!tfa!%7B%7D:', CSRFPreventionToken: 'x', NeedTFA: 1 };
      const ticket = `PVE:${username}:${Date.now().toString(16).toUpperCase()}::${randomBytes(24).toString('base64')}==`;
      const csrf = `${Date.now().toString(16).toUpperCase()}:${randomBytes(20).toString('base64')}`;
      tickets.set(ticket, { user: username, csrf, madeAt: Date.now() });
      return { username, ticket, CSRFPreventionToken: csrf, cap: capabilities(login) };
    },
    identify(method, headers) {
      const token = tokenIn(headers);
      const login = token === undefined ? byTicket(method, headers) : byToken(token);
      if (login === undefined) throw new PveError(401, 'Authentication failed!');
      return login;
    },
    nameIn: (headers) => tokenIn(headers)?.name ?? tickets.get(ticketIn(headers) ?? '')?.user ?? '',
    loseAll: () => tickets.clear(),
  };

  function byToken({ name, value }: { name: string; value: string }): PveLogin | undefined {
    const login = world.logins.get(name);
    return login !== undefined && matches(login, value) ? login : undefined;
  }

  function byTicket(method: string, headers: IncomingHttpHeaders): PveLogin | undefined {
    const text = ticketIn(headers);
    if (text === undefined) throw new PveError(401, 'No ticket');
    const ticket = tickets.get(text);
    if (ticket === undefined || Date.now() - ticket.madeAt > world.knobs.ticketMs)
      throw new PveError(401, 'permission denied - invalid PVE ticket');
    if (method !== 'GET' && headers['csrfpreventiontoken'] !== ticket.csrf)
      throw new PveError(401, 'Permission denied - invalid csrf token');
    return world.logins.get(ticket.user);
  }
}

function matches(login: PveLogin, password: string): boolean {
  return passwordMatches({ ...login, level: 0 }, password);
}

function ticketIn(headers: IncomingHttpHeaders): string | undefined {
  const text = /(?:^|;\s*)PVEAuthCookie=([^;]*)/.exec(headers.cookie ?? '')?.[1];
  return text === undefined ? undefined : decodeURIComponent(text);
}

function tokenIn(headers: IncomingHttpHeaders): { readonly name: string; readonly value: string } | undefined {
  const [, name, value] = /^PVEAPIToken=([^=]*)=(.*)$/.exec(headers.authorization ?? '') ?? [];
  return name === undefined || value === undefined ? undefined : { name, value };
}

/** `cap` of the answer to a login: rights by kind of thing (seen: compute_api_permission). */
function capabilities({ rights }: PveLogin): Record<string, Record<string, number>> {
  const all = rights === 'all' ? everyRight : rights;
  const of = (prefix: RegExp) =>
    Object.fromEntries(all.filter((right) => prefix.test(right)).map((right) => [right, 1]));
  return {
    vms: of(/^VM\./),
    storage: of(/^Datastore\./),
    nodes: of(/^Sys\./),
    access: {},
    dc: of(/^Sys\./),
    sdn: of(/^SDN\./),
  };
}

export const everyRight: readonly string[] = [
  ...['Allocate', 'Audit', 'Clone', 'Console', 'PowerMgmt', 'Backup', 'Migrate', 'Snapshot'].map((one) => `VM.${one}`),
  ...['CPU', 'Disk', 'Memory', 'Network', 'Options', 'Cloudinit'].map((one) => `VM.Config.${one}`),
  ...['Allocate', 'AllocateSpace', 'AllocateTemplate', 'Audit'].map((one) => `Datastore.${one}`),
  ...['Audit', 'Modify', 'PowerMgmt', 'Syslog'].map((one) => `Sys.${one}`),
  ...['Audit', 'Use'].map((one) => `SDN.${one}`),
  'Pool.Audit',
];

export function may(login: PveLogin, right: string): boolean {
  return login.rights === 'all' || login.rights.includes(right);
}
