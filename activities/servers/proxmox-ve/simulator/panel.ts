import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PreparedAnswer } from '../../../http/simulator/answers.ts';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import type { Fault } from '../../../http/simulator/faults.ts';
import { bodyText } from '../../../http/simulator/request-body.ts';
import type { SimulatedPanel, UnderstoodCall } from '../../../http/simulator/server.ts';
import type { Route } from './call.ts';
import { guestRoutes } from './guests.ts';
import { clusterRoutes } from './lists.ts';
import { PveError } from './pve-error.ts';
import type { Tickets } from './sessions.ts';
import { settleTasks } from './tasks.ts';
import type { PveWorld } from './world.ts';

interface PveRequest {
  readonly incoming: IncomingMessage;
  readonly route: Route | 'login' | undefined;
  readonly what: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const base = '/api2/json';

/** The API of a Proxmox VE over plain HTTP calls. */
export class PvePanel implements SimulatedPanel<PveRequest> {
  readonly #world: PveWorld;
  readonly #tickets: Tickets;
  readonly #saved: () => Promise<void>;

  constructor(world: PveWorld, tickets: Tickets, saved: () => Promise<void>) {
    this.#world = world;
    this.#tickets = tickets;
    this.#saved = saved;
  }

  async understand(incoming: IncomingMessage): Promise<UnderstoodCall<PveRequest> | PreparedAnswer> {
    const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
    const body = await bodyText(incoming);
    if (!url.pathname.startsWith(`${base}/`)) return { status: 501, body: 'no such uri', contentType: 'text/plain' };
    const method = incoming.method ?? 'GET';
    const path = url.pathname.slice(base.length);
    const found = path === '/access/ticket' && method === 'POST' ? undefined : this.#routeFor(method, path);
    const login = path === '/access/ticket' && method === 'POST';
    const parameters = new Map([...url.searchParams, ...formOf(incoming, body), ...(found?.inPath ?? [])]);
    const request: PveRequest = {
      incoming,
      route: login ? 'login' : found?.route,
      what: `${method} ${path}`,
      parameters,
    };
    const about = {
      func: found === undefined ? `${method} ${path}` : `${method} ${found.route.path}`,
      purpose: login ? ('login' as const) : (found?.route.purpose ?? 'other'),
      user: this.#tickets.nameIn(incoming.headers) || (parameters.get('username') ?? ''),
      parameters: Object.fromEntries([...parameters].filter(([name]) => name !== 'password')),
    };
    return { about, call: request };
  }

  async work(request: PveRequest, record: CallRecord, fault: Fault | undefined): Promise<PreparedAnswer> {
    try {
      settleTasks(this.#world);
      const data = this.#perform(request);
      record.worked = true;
      await this.#saved();
      const shown = fault?.kind === 'empty-list' && record.purpose === 'list' ? [] : data;
      return { body: JSON.stringify({ data: shown }), contentType };
    } catch (error) {
      if (!(error instanceof PveError)) throw error;
      record.error = `${error.status} ${error.message}`;
      if (error.status === 401) await sleep(this.#world.knobs.refusalMs);
      return this.#refusal(error, request);
    }
  }

  loseSessions(): void {
    this.#tickets.loseAll();
  }

  saved(): Promise<void> {
    return this.#saved();
  }

  #perform({ route, incoming, what, parameters }: PveRequest): unknown {
    if (route === 'login')
      return this.#tickets.logIn(parameters.get('username') ?? '', parameters.get('password') ?? '');
    const login = this.#tickets.identify(incoming.method ?? 'GET', incoming.headers);
    if (route === undefined) throw new PveError(501, `Method '${what}' not implemented`);
    return route.run({ world: this.#world, login, parameters });
  }

  #routeFor(method: string, path: string) {
    const routes = [...clusterRoutes, ...guestRoutes(this.#world)];
    for (const route of routes) {
      const inPath = route.method === method ? matched(route.path, path) : undefined;
      if (inPath !== undefined) return { route, inPath };
    }
    return undefined;
  }

  /** 401 has no body but for a login; 595 is one node that did not reach another (seen: AnyEvent.pm). */
  #refusal({ status, message, errors }: PveError, { route }: PveRequest): PreparedAnswer {
    if ((status === 401 && route !== 'login') || status > 590) {
      return { status, reason: message, body: '', contentType: 'text/plain' };
    }
    const words = this.#world.knobs.wordsInBody ? { message: `${message}\n` } : {};
    return {
      status,
      reason: message,
      body: JSON.stringify({ data: null, ...words, ...(errors === undefined ? {} : { errors }) }),
      contentType,
    };
  }
}

const contentType = 'application/json;charset=UTF-8';

/** The parts that capitals stand for, by their names in small letters. */
function matched(pattern: string, path: string): ReadonlyMap<string, string> | undefined {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return undefined;
  const parts = new Map<string, string>();
  for (const [at, part] of wanted.entries()) {
    const text = decodeURIComponent(given[at] ?? '');
    if (/^[A-Z]+$/.test(part)) parts.set(part.toLowerCase(), text);
    else if (part !== text) return undefined;
  }
  return parts;
}

function formOf(incoming: IncomingMessage, body: string): Iterable<[string, string]> {
  const type = incoming.headers['content-type'] ?? '';
  return type.includes('x-www-form-urlencoded') ? new URLSearchParams(body) : [];
}
