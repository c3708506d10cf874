import { panelKnobs, type PanelKnobs } from '../../../coremanager/simulator/panel.ts';
import { hashPassword, type SimUser } from '../../../coremanager/simulator/sessions.ts';

/** A customer's user on the server. */
export interface WebUser {
  readonly name: string;
  readonly fullname: string;
  readonly preset: string;
  readonly domain: string;
}

interface WebAddress {
  readonly ip: string;
  role: 'shared' | 'assigned' | 'mutual' | 'free' | 'reserved';
  owner: string;
  /** Found on an interface: the panel cannot remove it, only free it (documented: reference 5.5). */
  readonly onInterface: boolean;
}

interface IspKnobs extends PanelKnobs {
  /** Whether `ipaddr.free` is there: BILLmanager's list does not name it. */
  freeFunction: boolean;
  /** `ipaddr.edit` chooses an address by itself, whatever `name` says. */
  ignoresName: boolean;
  /** Addresses of a user who is removed stay, free for the next one. */
  freesRows: boolean;
  /** Nothing new can be made. */
  diskFull: boolean;
  /** lite: no address functions at all. */
  lite: boolean;
}

export interface IspWorldOptions {
  readonly logins: readonly { readonly name: string; readonly password: string; readonly level?: number }[];
  readonly presets?: readonly string[];
  readonly addresses?: readonly (Pick<WebAddress, 'ip' | 'role'> & Partial<WebAddress>)[];
  readonly users?: readonly WebUser[];
  readonly knobs?: Partial<IspKnobs>;
}

/** Everything a simulated ispmanager knows. Inspect and change it at any time. */
export interface IspWorld {
  readonly knobs: IspKnobs;
  readonly logins: Map<string, SimUser>;
  presets: string[];
  readonly users: Map<string, WebUser>;
  readonly addresses: Map<string, WebAddress>;
  revision: number;
}

export function createIspWorld(options: IspWorldOptions): IspWorld {
  return {
    knobs: {
      ...panelKnobs(),
      freeFunction: true,
      ignoresName: false,
      freesRows: false,
      diskFull: false,
      lite: false,
      ...options.knobs,
    },
    logins: new Map(
      options.logins.map(({ name, password, level }) => [
        name,
        { name, passwordHash: hashPassword(password), level: level ?? 29 },
      ]),
    ),
    presets: [...(options.presets ?? ['start'])],
    users: new Map((options.users ?? []).map((user) => [user.name, user])),
    addresses: new Map(
      (options.addresses ?? []).map((row) => [row.ip, { owner: '', onInterface: row.role === 'shared', ...row }]),
    ),
    revision: 0,
  };
}
