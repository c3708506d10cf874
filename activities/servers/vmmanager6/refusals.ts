import type { Failure } from '../../../workflows/domain/failure.ts';
import { safeText } from '../../http/safe-text.ts';
import type { RestRefusal } from '../../rest/panel.ts';
import { holdsPassword } from './vm-name.ts';

/** The form of every error: `{"error":{"code":5992,"msg":"…","value":{…}}}` (documented: reference 5.3). */
export interface PanelWord {
  readonly code: number | null;
  readonly words: string;
}

export function wordOf(body: unknown, secrets: readonly string[]): PanelWord | undefined {
  const error = fieldOf(body, 'error');
  if (typeof error !== 'object' || error === null) return undefined;
  const code = fieldOf(error, 'code');
  const said = [fieldOf(error, 'msg'), fieldOf(error, 'value')].map(plain).filter((text) => text !== '');
  return { code: typeof code === 'number' ? code : null, words: shown(said.join(' '), secrets) };
}

/** `value` may be anything, also what we sent: as it was sent, not escaped, so that a secret in it is recognised (I11). */
function plain(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return typeof value === 'string' ? value : JSON.stringify(value);
  if (Array.isArray(value)) return value.map(plain).join(' ');
  return Object.entries(value)
    .map(([name, one]) => `${name}=${plain(one)}`)
    .join(' ');
}

/** The panel's words as they may be shown. */
export function shown(text: string, secrets: readonly string[]): string {
  return holdsPassword(text) ? '(withheld: it repeats a password)' : safeText(text, secrets, 300);
}

interface Rule {
  readonly code: string;
  readonly says: string;
  readonly next: string;
  readonly retryable?: true;
  readonly notLoggedIn?: true;
}

const denied = {
  code: 'access-denied',
  says: 'refused access',
  next: 'Give the login the administrator role there, or use another login.',
};

const askPanel = 'Do the same by hand in VMmanager, or look at its list of tasks for this moment.';

/** Codes that say "I do not know you": 1000 (seen: a client logs in anew on it), 3001 *Unauthorized* (documented). */
const proofCodes: readonly (number | null)[] = [1000, 3001];

function ruleOf(status: number, code: number | null): Rule {
  if (status === 401 || proofCodes.includes(code)) return { ...denied, notLoggedIn: true };
  if (status === 403) return denied;
  if (status === 404) return { code: 'not-found', says: 'does not know it', next: askPanel };
  if (status >= 500) return { code: 'panel-internal-error', says: 'failed inside', next: askPanel, retryable: true };
  return { code: 'panel-refused', says: 'refused', next: askPanel };
}

/**
 * VMmanager's own no. HTTP 500 carries one as well as 400 (seen: reference 5.3), but what failed inside may have been done
 * in part: such a no is `retryable`, and of a mutation it is not taken as "nothing was done" (see `access.ts`).
 */
export function refusalOf(status: number, body: unknown, secrets: readonly string[]): RestRefusal | undefined {
  const word = wordOf(body, secrets);
  if (word === undefined && status !== 401) return undefined;
  const rule = ruleOf(status, word?.code ?? null);
  const number = word?.code ?? null;
  const failure: Failure = {
    code: rule.code,
    message:
      `VMmanager ${rule.says}: ${number === null ? `HTTP ${status}` : `error ${number}`} ${word?.words ?? ''}`.trim(),
    next: rule.next,
  };
  return {
    failure,
    said: String(number ?? status),
    retryable: rule.retryable ?? false,
    notLoggedIn: rule.notLoggedIn ?? false,
  };
}

/** A field of what came as JSON; nothing when it has none. */
export function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
