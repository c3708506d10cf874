import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createSessions, passwordMatches, type Sessions } from '../../../coremanager/simulator/sessions.ts';
import type { PreparedAnswer } from '../../../http/simulator/answers.ts';
import type { CallRecord } from '../../../http/simulator/call-record.ts';
import type { Fault, Purpose } from '../../../http/simulator/faults.ts';
import { readJson } from '../../../http/json.ts';
import { bodyText } from '../../../http/simulator/request-body.ts';
import type { SimulatedPanel, UnderstoodCall } from '../../../http/simulator/server.ts';
import { routes } from './routes.ts';
import { errorAnswer, jsonAnswer, notLoggedIn, SimError } from './sim-error.ts';
import { endTasks } from './tasks.ts';
import type { VmWorld } from './world.ts';

/** One request, taken apart. */
export interface VmCall {
  readonly name: string;
  readonly id: number;
  readonly token: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly body: Readonly<Record<string, unknown>>;
}

const loginName = 'POST /auth/v4/public/token';

/** VMmanager 6 as a {@link SimulatedPanel}: paths `/vm/v3/…` and `/auth/v4/…`, also below `/api` (seen). */
export class VmPanel implements SimulatedPanel<VmCall> {
  readonly #world: VmWorld;
  readonly #sessions: Sessions;
  readonly #saved: () => Promise<void>;

  constructor(world: VmWorld, saved: () => Promise<void>) {
    this.#world = world;
    this.#sessions = createSessions(() => world.knobs.sessionIdleMs);
    this.#saved = saved;
  }

  async understand(incoming: IncomingMessage): Promise<UnderstoodCall<VmCall> | PreparedAnswer> {
    const url = new URL(incoming.url ?? '/', 'http://panel');
    const path = url.pathname.replace(/^\/api(?=\/)/, '');
    const id = /\/(\d+)(?:\/|$)/.exec(path)?.[1];
    const name = `${incoming.method ?? 'GET'} ${path.replace(/\/\d+(?=\/|$)/, '/ID')}`;
    const purpose = name === loginName ? 'login' : routes.find((one) => one.name === name)?.purpose;
    if (purpose === undefined) return { status: 404, body: '<html>404</html>', contentType: 'text/html' };
    const header = incoming.headers['x-xsrf-token'];
    const token = typeof header === 'string' ? header : '';
    const parameters = new Map(url.searchParams);
    const call = { name, id: Number(id ?? 0), token, parameters, body: recordIn(await bodyText(incoming)) };
    return { about: this.#about(call, purpose), call };
  }

  #about(call: VmCall, purpose: Purpose) {
    const body = Object.entries(call.body).filter(([name]) => name !== 'password');
    const fields = body.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
    const id = call.id === 0 ? {} : { id: String(call.id) };
    return {
      func: call.name,
      purpose,
      user: this.#sessions.userOf(call.token) ?? '',
      parameters: { ...id, ...Object.fromEntries(call.parameters), ...Object.fromEntries(fields) },
    };
  }

  async work(call: VmCall, record: CallRecord, fault: Fault | undefined): Promise<PreparedAnswer> {
    endTasks(this.#world);
    try {
      const answer = call.name === loginName ? this.#login(call) : jsonAnswer(this.#perform(call, record, fault));
      record.worked = true;
      await this.#saved();
      return answer;
    } catch (error) {
      if (!(error instanceof SimError)) throw error;
      record.error = `${error.code} ${error.message}`;
      return errorAnswer(error, this.#world.knobs.echoes ? call.body : error.value);
    }
  }

  loseSessions(): void {
    this.#sessions.loseAll();
  }

  saved(): Promise<void> {
    return this.#saved();
  }

  /** 201 with the token (seen). */
  #login({ body }: VmCall): PreparedAnswer {
    const { knobs, logins } = this.#world;
    if (knobs.loginsFail > 0) {
      knobs.loginsFail -= 1;
      return { status: 503, body: '<html>503 Service Unavailable</html>', contentType: 'text/html' };
    }
    const { email, password } = body;
    const login = typeof email === 'string' ? logins.get(email) : undefined;
    if (login === undefined || typeof password !== 'string' || !passwordMatches(login, password)) {
      throw new SimError([400, 1001], 'Wrong email or password');
    }
    const token = this.#sessions.open(login.name);
    return jsonAnswer({ id: randomBytes(4).toString('hex'), token, expires_at: null, confirmed: true }, 201);
  }

  #perform(call: VmCall, record: CallRecord, fault: Fault | undefined): unknown {
    const email = this.#sessions.userOf(call.token);
    const account = this.#world.accounts.find((one) => one.email === email);
    if (account === undefined) throw notLoggedIn();
    const route = routes.find(({ name }) => name === call.name);
    const answer = route?.run(this.#world, { ...call, account, fault });
    const named = JSON.stringify(call.body).match(/"(?:ip_name|name)":"([\d.:a-f]+)"/);
    if (record.purpose === 'create' || record.purpose === 'write') record.ip = named?.[1] ?? null;
    return answer;
  }
}

function recordIn(text: string): Readonly<Record<string, unknown>> {
  const read = readJson(text);
  const value = read.kind === 'json' ? read.value : undefined;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {};
}
