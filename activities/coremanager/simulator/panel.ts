import type { SimNode } from './node.ts';
import type { Fault, Purpose } from '../../http/simulator/faults.ts';
import type { SimUser } from './sessions.ts';

/** A logged-in call of one function. */
export interface PanelCall {
  readonly func: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** Whose rights count: the user acted as, with `su`. */
  readonly user: SimUser;
  readonly fault: Fault | undefined;
}

export type PanelFunction = (call: PanelCall) => readonly SimNode[] | Promise<readonly SimNode[]>;

/** Knobs every simulated panel has. Change them at any time. */
export interface PanelKnobs {
  sessionIdleMs: number;
  rowsPerPage: number;
  version4Errors: boolean;
  /** Overrules what the caller asks for: `ru` shows whether a client reads the words. */
  language: 'en' | 'ru' | null;
  /** HTTP 403 to everybody (reference 1.7). */
  clientBlocked: boolean;
  /** `auth` answers `badip`, or wants a second factor. */
  login: 'open' | 'badip' | 'second-factor';
  /** Functions that users' own sessions may not call; an administrator who acts as a user may. */
  withheld: readonly string[];
  /** Whether an administrator acts as the user that `su` names; `ignored`: every call is the administrator's own. */
  su: 'heeded' | 'ignored';
  /** Answers in this form whatever is asked for. */
  only: 'xml' | 'json' | null;
}

export function panelKnobs(knobs: Partial<PanelKnobs> = {}): PanelKnobs {
  return {
    sessionIdleMs: 3_600_000,
    rowsPerPage: 1000,
    version4Errors: false,
    language: null,
    clientBlocked: false,
    login: 'open',
    withheld: [],
    su: 'heeded',
    only: null,
    ...knobs,
  };
}

/** What makes a panel out of the shared protocol. */
export interface PanelDefinition {
  /** `ipmgr`, `ispmgr`. */
  readonly binary: string;
  readonly version: string;
  readonly knobs: PanelKnobs;
  readonly functions: Readonly<Record<string, PanelFunction>>;
  userOf(name: string): SimUser | undefined;
  purposeOf(func: string, parameters: ReadonlyMap<string, string>): Purpose;
  /** Awaited after work and before the answer: what was answered survives a kill. */
  saved(): Promise<void>;
}
