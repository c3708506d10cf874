import type { Failure } from '../../workflows/domain/failure.ts';
import { safeText } from '../http/safe-text.ts';
import { attribute, child, children, childText, textOf, type PanelNode } from './tree.ts';

/** An error document, both forms in one: decide on `type`, then `object`, never on the language of `text` (seen: 1.6). */
export interface PanelError {
  readonly version: 4 | 5;
  readonly type: string;
  readonly object: string;
  readonly value: string;
  readonly text: string;
}

/** Numeric codes of version 4 under the words of version 5 (documented: 1.6). */
const version4Types: Readonly<Record<string, string>> = {
  '1': 'internal',
  '2': 'exists',
  '3': 'missed',
  '4': 'value',
  '5': 'limit',
  '6': 'access',
  '7': 'license',
  '8': 'message',
};

/** What an answer says is not there: `func` the function itself, `object` what it was asked for, in every other case. */
export function missing(error: PanelError): 'func' | 'object' | undefined {
  if (error.type !== 'missed') return undefined;
  return error.object === 'func' ? 'func' : 'object';
}

/** The error of a document. `error/@type` means version 5, else `error/@code` version 4; 5 has a `code` of another meaning. */
export function panelError(doc: PanelNode, secrets: readonly string[]): PanelError | undefined {
  const error = child(doc, 'error');
  if (error === undefined) return child(doc, 'authfail') === undefined ? undefined : authfail;
  const type = attribute(error, 'type');
  const read = type === undefined ? version4(error) : version5(error, type);
  return {
    version: read.version,
    type: safeText(read.type, secrets, 40),
    object: safeText(read.object, secrets, 60),
    value: safeText(read.value, secrets, 100),
    text: safeText(read.text, secrets),
  };
}

/** How version 4 says that a login failed (inferred). */
const authfail: PanelError = { version: 4, type: 'auth', object: 'badpassword', value: '', text: '' };

function version5(error: PanelNode, type: string): PanelError {
  const value = children(error, 'param').find((param) => attribute(param, 'name') === 'value');
  return {
    version: 5,
    type,
    object: attribute(error, 'object') ?? '',
    value: value === undefined ? '' : textOf(value),
    text: childText(error, 'msg') ?? childText(error, 'detail') ?? '',
  };
}

function version4(error: PanelNode): PanelError {
  const code = attribute(error, 'code') ?? '';
  return {
    version: 4,
    type: version4Types[code] ?? `code-${code}`,
    object: attribute(error, 'obj') ?? '',
    value: attribute(error, 'val') ?? '',
    text: textOf(error),
  };
}

interface ErrorRule {
  readonly func?: string;
  readonly type: string;
  readonly object?: string;
  readonly code: string;
  readonly retryable?: true;
  readonly notLoggedIn?: true;
  readonly says: string;
  readonly next: string;
}

const askPanel = "Look at the panel's own log for this moment, or do the same by hand there.";

/** The one table from a panel's error to our code. First match from the top. */
const rules: readonly ErrorRule[] = [
  {
    type: 'auth',
    object: 'badip',
    code: 'login-refused',
    notLoggedIn: true,
    says: "does not accept logins from this machine's address",
    next: "Allow this machine's address in the panel's settings of the user.",
  },
  {
    type: 'auth',
    code: 'login-refused',
    notLoggedIn: true,
    says: 'refused the login',
    next: 'Check login and password of the connection.',
  },
  {
    type: 'access',
    code: 'access-denied',
    notLoggedIn: true,
    says: 'refused access',
    next: 'Give the login the right it lacks, or use the administrator login.',
  },
  // Refusals of an allocation. Type and object are undocumented (open question 2): nothing but the code hangs on them.
  {
    func: 'ip.edit',
    type: 'limit',
    code: 'no-free-address',
    says: 'has no free address',
    next: 'Add addresses to the ranges this login may use, or give some back.',
  },
  {
    func: 'ip.edit',
    type: 'value',
    object: 'iptype',
    code: 'group-not-allowed',
    says: 'does not let this login use the group',
    next: 'Allow the group in the permissions of the login, or choose another with tariff edit --group.',
  },
  {
    func: 'ip.edit',
    type: 'exists',
    object: 'ip',
    code: 'address-not-free',
    says: 'has given this address out already',
    next: 'Ask for another address, or for any.',
  },
  {
    func: 'ip.edit',
    type: 'value',
    object: 'ip',
    code: 'address-not-free',
    says: 'does not give this address out',
    next: 'Ask for another address, or for any.',
  },
  // Another product or version at that URL: no word about what it holds (I12).
  {
    type: 'missed',
    object: 'func',
    code: 'function-not-on-panel',
    says: 'does not know the function',
    next: 'Check that the URL is that of the panel named with the connection, and its version.',
  },
  { type: 'missed', code: 'not-found', says: 'does not know it', next: askPanel },
  { type: 'exists', code: 'already-exists', says: 'has it already', next: askPanel },
  { type: 'value', code: 'value-refused', says: 'refused a value', next: askPanel },
  {
    type: 'limit',
    code: 'limit-reached',
    says: 'is at a limit',
    next: 'Raise the limit in the panel, or give something back.',
  },
  {
    type: 'license',
    code: 'panel-licence',
    says: 'has a problem with its licence',
    next: 'Renew the licence of the panel.',
  },
  { type: 'internal', code: 'panel-internal-error', retryable: true, says: 'failed inside', next: askPanel },
];

const otherwise: ErrorRule = { type: '', code: 'panel-refused', says: 'refused', next: askPanel };

export interface JudgedError {
  readonly failure: Failure;
  readonly retryable: boolean;
  /** Nothing was done: the session or the login was refused. A dead session and a missing right look alike (seen: 1.6). */
  readonly notLoggedIn: boolean;
}

export function judgePanelError(error: PanelError, func: string): JudgedError {
  const rule = rules.find((one) => matches(one, error, func)) ?? otherwise;
  return {
    failure: {
      code: rule.code,
      message: `The panel ${rule.says} (${func}): ${panelWords(error)}`,
      next: rule.next,
      ...(rule.notLoggedIn === true || error.object === '' ? {} : { field: error.object }),
      ...(rule.notLoggedIn === true || error.value === '' ? {} : { value: error.value }),
    },
    retryable: rule.retryable ?? false,
    notLoggedIn: rule.notLoggedIn ?? false,
  };
}

function matches(rule: ErrorRule, error: PanelError, func: string): boolean {
  return (
    rule.type === error.type &&
    (rule.object ?? error.object) === error.object &&
    (rule.func === undefined || rule.func === func)
  );
}

/** Type, object, value and message as the panel gave them, made safe when they were read. */
function panelWords(error: PanelError): string {
  const what = [error.type, error.object].filter((word) => word !== '').join(' ');
  const value = error.value === '' ? '' : ` "${error.value}"`;
  return `${what}${value}${error.text === '' ? '' : `: ${error.text}`}`;
}
