import type { IncomingMessage } from 'node:http';
import { loginPage, type PreparedAnswer } from '../../http/simulator/answers.ts';
import type { CallRecord } from '../../http/simulator/call-record.ts';
import type { Fault } from '../../http/simulator/faults.ts';
import type { SimulatedPanel, UnderstoodCall } from '../../http/simulator/server.ts';
import { commonFunction, identify, login, type Identified } from './common-functions.ts';
import type { SimNode } from './node.ts';
import type { PanelDefinition } from './panel.ts';
import { render, type OutFormat } from './render.ts';
import { parseRequest, withoutSecrets, type ParsedRequest } from './request.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { errorDocument, SimError } from './sim-error.ts';

/** A panel as its definition says, for {@link startSimulator}. */
export function coreManagerPanel(definition: PanelDefinition): SimulatedPanel<ParsedRequest> {
  return new CoreManagerPanel(definition);
}

interface Working {
  readonly request: ParsedRequest;
  readonly record: CallRecord;
  readonly fault: Fault | undefined;
}

class CoreManagerPanel implements SimulatedPanel<ParsedRequest> {
  readonly #panel: PanelDefinition;
  readonly #sessions: Sessions;

  constructor(panel: PanelDefinition) {
    this.#panel = panel;
    this.#sessions = createSessions(() => panel.knobs.sessionIdleMs);
  }

  async understand(incoming: IncomingMessage): Promise<UnderstoodCall<ParsedRequest> | PreparedAnswer> {
    const request = await parseRequest(incoming);
    const { binary, knobs } = this.#panel;
    if (knobs.clientBlocked) return nothing(403);
    if (!['/', `/${binary}`, `/manager/${binary}`].includes(request.path)) return nothing(404);
    const { parameters } = request;
    const func = parameters.get('func') ?? '';
    const session = this.#sessions.userOf(parameters.get('auth') ?? '');
    const about = {
      func,
      purpose: func === 'auth' ? ('login' as const) : this.#panel.purposeOf(func, parameters),
      user: (knobs.su === 'heeded' ? parameters.get('su') : undefined) ?? session ?? parameters.get('username') ?? '',
      parameters: withoutSecrets(parameters),
    };
    return { about, call: request };
  }

  async work(request: ParsedRequest, record: CallRecord, fault: Fault | undefined): Promise<PreparedAnswer> {
    const { knobs, binary } = this.#panel;
    const { parameters } = request;
    const asked = parameters.get('out');
    const lang = knobs.language ?? (parameters.get('lang') === 'ru' ? 'ru' : 'en');
    const format: OutFormat = knobs.only ?? (asked === 'json' || asked === 'sjson' ? 'json' : 'xml');
    const contentType = format === 'json' ? 'application/json; charset=UTF-8' : 'text/xml; charset=UTF-8';
    try {
      const nodes = await this.#perform({ request, record, fault });
      record.worked = true;
      await this.#panel.saved();
      if (asked === undefined) return page;
      const root = { lang, func: record.func, binary: `/${binary}`, host: 'https://127.0.0.1', themename: 'orion' };
      return { body: render([...shown(fault, nodes), tparams(parameters)], root, format), contentType };
    } catch (error) {
      if (!(error instanceof SimError)) throw error;
      record.error = `${error.type} ${error.object}`.trim();
      if (asked === undefined) return page;
      return { body: render(errorDocument(error, lang, knobs.version4Errors ? 4 : 5), {}, format), contentType };
    }
  }

  loseSessions(): void {
    this.#sessions.loseAll();
  }

  saved(): Promise<void> {
    return this.#panel.saved();
  }

  async #perform({ request: { parameters }, record, fault }: Working): Promise<readonly SimNode[]> {
    const panel = this.#panel;
    if (record.func === 'auth') return login(panel, this.#sessions, parameters);
    const who: Identified = identify(panel, this.#sessions, parameters);
    if (who.user.level < 29 && panel.knobs.withheld.includes(record.func)) throw new SimError('access', record.func);
    const common = commonFunction(panel, this.#sessions, { who, parameters });
    if (common !== undefined) return common;
    const run = Object.hasOwn(panel.functions, record.func) ? panel.functions[record.func] : undefined;
    if (run === undefined) throw new SimError('missed', 'func', record.func);
    const nodes = await run({ func: record.func, parameters, user: who.effective, fault });
    if (record.purpose === 'create') record.ip = nodes.find((node) => node.name === 'id')?.text ?? null;
    return nodes;
  }
}

const page: PreparedAnswer = { body: loginPage, contentType: 'text/html; charset=UTF-8' };

function nothing(status: number): PreparedAnswer {
  return { status, body: '', contentType: 'text/plain' };
}

function shown(fault: Fault | undefined, nodes: readonly SimNode[]): readonly SimNode[] {
  if (fault?.kind !== 'no-address-after') return nodes;
  return nodes.filter((node) => !['ip', 'id', 'elid'].includes(node.name));
}

function tparams(parameters: ReadonlyMap<string, string>): SimNode {
  const echoed = Object.entries(withoutSecrets(parameters)).filter(([name]) => /^[A-Za-z_][\w.-]*$/.test(name));
  return { name: 'tparams', children: echoed.map(([name, text]) => ({ name, text })) };
}
