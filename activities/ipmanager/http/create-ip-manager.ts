import type { Failure } from '../../../workflows/domain/failure.ts';
import type { Trust } from '../../servers/server-module.ts';
import { createPanelClient, type PanelClient } from '../../coremanager/client.ts';
import { missing } from '../../coremanager/panel-error.ts';
import { PanelReadError } from '../../http/panel-read-error.ts';
import { child, type PanelNode } from '../../coremanager/tree.ts';
import type { Resolve } from '../../http/resolve.ts';
import type {
  AllocateOutcome,
  AllocateRequest,
  Dialect,
  IpManager,
  MutationOutcome,
  RemoteAddress,
  RemoteChange,
} from '../ip-manager.ts';
import { defaultDialect, readDialect, userNamed } from './dialect.ts';
import { formFields } from './form.ts';
import { createLister } from './lister.ts';
import { asRemote, isMissed, noAnswer } from './remote-error.ts';
import { answeredAddress, remoteAddress } from './rows.ts';

export interface IpManagerOptions {
  readonly url: string;
  readonly login: string;
  readonly password: string;
  readonly trust: Trust;
  readonly requestTimeoutMs: number;
  /** What was read from the panel before and kept with the integration. */
  readonly dialect?: Dialect;
  /** Names set by hand: they win over what is read. */
  readonly overrides?: Partial<Dialect>;
  /** Acts as this user (`su`), for the administrator's login. */
  readonly actAs?: string;
  readonly connections?: number;
  readonly pageSize?: number;
  readonly resolve?: Resolve;
  readonly now?: () => number;
}

/** IPmanager 5 (and what of 4 speaks alike) behind the port. Protocol: reference/ispsystem-protocol.md 2. */
export function createIpManager(options: IpManagerOptions): IpManager {
  const now = options.now ?? Date.now;
  const client = createPanelClient(options);
  const start = { ...defaultDialect, login: options.login, readAt: new Date(now()).toISOString() };
  let dialect: Dialect = { ...start, ...options.dialect, ...options.overrides };
  client.setFormat(dialect.format);
  let asUser = options.actAs === undefined ? true : keptActing(options);
  const lister = createLister(client, options.pageSize);
  return {
    get capabilities() {
      const { tagInAllocation } = dialect;
      return { tagInAllocation, idempotentAllocation: false, conditionalRelease: false, servesPtr: true };
    },
    allocate: (request) => allocate(client, dialect, request),
    read: (ip) => asRemote(() => read(client, ip)),
    list: (asked) => lister.list(asked),
    pages: (asked) => lister.pages(asked),
    listPage: (request) => lister.page(request),
    write: (change) => write(client.begin(), change),
    release: (ip) => release(client, dialect, ip),
    actsAsUser: () =>
      asRemote(async () => {
        if (asUser !== undefined) return asUser;
        const named = await userNamed(client);
        // A panel that names nobody has not said no for good: it is asked again, and until then nothing is done under it.
        asUser = named === undefined ? undefined : named === options.actAs;
        return asUser ?? false;
      }),
    forgetSession: () => client.forgetSession(),
    readDialect: () =>
      asRemote(async () => {
        const found = await readDialect({ client, login: options.login, now: () => new Date(now()) });
        dialect = { ...found, ...options.overrides };
        client.setFormat(dialect.format);
        return dialect;
      }),
    close: () => client.close(),
  };
}

/** What this administrator's panel said before, kept with the integration; another administrator's word counts for nothing. */
function keptActing({ dialect, login }: IpManagerOptions): boolean | undefined {
  return dialect?.acting?.login === login ? dialect.acting.asUser : undefined;
}

/** One POST with family, group and the mark in it (documented function, inferred field names: 2.2). */
async function allocate(client: PanelClient, dialect: Dialect, request: AllocateRequest): Promise<AllocateOutcome> {
  if (dialect.tagInAllocation === 'none') return tagNotKept;
  const domain = request.ptr === undefined || request.ptr === '' ? {} : { domain: `${request.ptr}.` };
  const mark =
    dialect.tagInAllocation === 'note' ? { note: request.mark.tag, ...domain } : { domain: `${request.mark.label}.` };
  const answer = await client.mutate({
    func: 'ip.edit',
    sok: 'ok',
    family: request.family,
    iptype: request.group,
    ip: request.address ?? '', // empty lets the panel choose (inferred from sister panels: 2.2)
    ...mark,
  });
  if (answer.kind !== 'ok') return noAnswer(answer);
  const ip = answeredAddress(answer.doc);
  return ip === undefined ? { kind: 'unknown', failure: withoutAddress } : { kind: 'allocated', ip };
}

async function read(client: PanelClient, ip: string): Promise<RemoteAddress | undefined> {
  const form = await heldForm(client, ip);
  return form === undefined ? undefined : remoteAddress(form, ip);
}

/** The form of one address, and the proof that it is the form of this one. */
async function heldForm(client: PanelClient, ip: string): Promise<PanelNode | undefined> {
  let form: PanelNode;
  try {
    form = await client.read({ func: 'ip.edit', elid: ip });
  } catch (error) {
    if (isMissed(error)) return undefined;
    throw error;
  }
  const known = ['domain', 'iptype', 'note'].some((name) => child(form, name) !== undefined);
  if (answeredAddress(form) !== ip || !known) throw otherForm(ip);
  return form;
}

/** Reads the whole form and sends it back with what changes: a partial change may clear the note (design.md 3, step 6). */
async function write(client: PanelClient, change: RemoteChange): Promise<MutationOutcome> {
  let form: PanelNode | undefined;
  try {
    form = await heldForm(client, change.ip);
  } catch (error) {
    if (!(error instanceof PanelReadError)) throw error;
    return { kind: error.notLoggedIn ? 'not-logged-in' : 'not-sent', failure: error.failure };
  }
  if (form === undefined) return { kind: 'absent' };
  const answer = await client.mutate({
    ...formFields(form),
    ...(change.ptr === undefined ? {} : { domain: change.ptr === '' ? '' : `${change.ptr}.` }), // the dot: documented (2.2)
    ...(change.note === undefined ? {} : { note: change.note }),
    func: 'ip.edit',
    sok: 'ok',
    elid: change.ip,
  });
  return mutationOutcome(answer);
}

async function release(client: PanelClient, dialect: Dialect, ip: string): Promise<MutationOutcome> {
  const { releaseFunction } = dialect;
  const answer = await client.mutate({ func: releaseFunction, elid: ip });
  const unknownFunction = answer.kind === 'refused' && missing(answer.error) === 'func';
  return unknownFunction ? withoutFunction(releaseFunction, answer.failure) : mutationOutcome(answer);
}

function mutationOutcome(answer: Awaited<ReturnType<PanelClient['mutate']>>): MutationOutcome {
  if (answer.kind === 'ok') return { kind: 'done' };
  return answer.kind === 'refused' && missing(answer.error) === 'object' ? { kind: 'absent' } : noAnswer(answer);
}

/** The address may be held there all the same: clear, and never "gone" (I12). */
function withoutFunction(name: string, failure: Failure): MutationOutcome {
  const next =
    'Name the function that gives an address back on this panel with integration edit --dialect releaseFunction=NAME, or mend the URL; then test the integration.';
  return { kind: 'refused', failure: { ...failure, next, field: 'releaseFunction', value: name } };
}

const tagNotKept: AllocateOutcome = {
  kind: 'refused',
  failure: {
    code: 'tag-not-kept',
    message: 'This panel keeps no note long enough for our tag, so an address taken there could not be found again',
    next: 'Let the panel keep at least 37 characters in the note of an address, then test the integration again.',
  },
};

const withoutAddress = {
  code: 'answer-without-address',
  message: 'The panel said that it gave an address, and not which',
  next: 'The address is looked for by its tag; nothing needs to be done.',
};

function otherForm(ip: string): PanelReadError {
  return new PanelReadError(
    {
      code: 'panel-answer-foreign',
      message: `The panel was asked for ${ip} and did not answer with its form`,
      next: 'Test the integration again: the panel may be another one, or of another version.',
    },
    { retryable: true },
  );
}
