import type { Failure } from '../../workflows/domain/failure.ts';
import { foreignBody, foreignStatus, type ForeignAnswer } from '../http/foreign-answer.ts';
import type { MutationTime } from '../http/mutation-time.ts';
import type { HttpAnswer, Transport } from '../http/transport.ts';
import { parseBody, type Format } from './body.ts';
import { panelError, type PanelError } from './panel-error.ts';
import type { PanelNode } from './tree.ts';

/** The fields of one call. An array is sent as a repeated field. */
export type Fields = Readonly<Record<string, string | readonly string[]>>;

/** What one request came to. */
export type Exchange =
  | { readonly kind: 'doc'; readonly doc: PanelNode; readonly format: Format }
  | { readonly kind: 'error'; readonly error: PanelError; readonly format: Format; readonly doc: PanelNode }
  | { readonly kind: 'not-sent'; readonly failure: Failure; readonly retryable: boolean }
  /** Sent, and nothing came back that is the panel's own word. */
  | { readonly kind: 'no-answer'; readonly failure: Failure; readonly retryable: boolean };

export interface ExchangeOptions {
  readonly transport: Transport;
  readonly fields: Fields;
  /** Never shown, whatever the panel repeats (I11). */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal;
  /** A mutation: on a connection of its own, sent by a certain time or not at all. */
  readonly mutation?: MutationTime;
}

/** One POST, form-encoded: with GET a password ends in access logs (reference 1.2; ASVS 14.2.1). */
export async function exchange(options: ExchangeOptions): Promise<Exchange> {
  const result = await options.transport.send({
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      accept: 'application/json, text/xml',
    },
    body: encode(options.fields),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.mutation === undefined ? {} : { fresh: true, ...options.mutation }),
  });
  if (result.kind === 'not-sent') return result;
  if (result.kind === 'lost') return { kind: 'no-answer', failure: result.failure, retryable: result.retryable };
  return judge(result, options.secrets);
}

function encode(fields: Fields): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : value) form.append(name, one);
  }
  return form.toString();
}

/** Application errors come with 200; anything else is not the panel's word (seen: 1.7). */
function judge(answer: HttpAnswer, secrets: readonly string[]): Exchange {
  const byStatus = answer.status === 403 ? blocksUs : foreignStatus(answer.status);
  if (byStatus !== undefined) return { kind: 'no-answer', ...byStatus };
  if (answer.encoding !== '') return foreign('it is packed, which was not asked for', false);
  if (!knownType(answer.contentType))
    return answer.contentType.includes('html') ? webPage() : foreign('its content type is of another kind', false);
  const body = parseBody(answer.text);
  if (body.kind === 'web-page') return webPage();
  if (body.kind === 'foreign') return foreign(body.why, true);
  const error = panelError(body.doc, secrets);
  return error === undefined ? body : { kind: 'error', error, format: body.format, doc: body.doc };
}

/** `text/xml` or `application/json` (inferred: 1.7); plain and script types are what proxies and old panels make of them. */
function knownType(contentType: string): boolean {
  return contentType === '' || /^(application|text)\/([a-z.+-]*(json|xml)|javascript|plain)\b/.test(contentType);
}

const blocksUs: ForeignAnswer = {
  failure: {
    code: 'panel-blocks-us',
    message: "The panel blocks this machine's address (HTTP 403)",
    next: 'Allow the address of this machine in the panel and its firewall.',
  },
  retryable: false,
};

function webPage(): Exchange {
  return {
    kind: 'no-answer',
    failure: {
      code: 'panel-answer-foreign',
      message: "The answer is a web page, not the panel's API: check the URL",
      next: 'Give the full path of the panel, like https://panel.example.com:1500/ipmgr.',
    },
    retryable: false,
  };
}

function foreign(why: string, retryable: boolean): Exchange {
  return { kind: 'no-answer', failure: foreignBody(why), retryable };
}
