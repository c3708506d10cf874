import type { RestRefusal } from '../../rest/panel.ts';
import { safeText } from '../../http/safe-text.ts';
import { arrayOrRecord, textIn } from './values.ts';

/** The kinds of no that the module tells apart. */
export type Said = 'login' | 'denied' | 'invalid' | 'exists' | 'changed' | 'busy' | 'state' | 'missing' | 'unclear';

interface Kind {
  readonly said: Said;
  readonly code: string;
  readonly next: string;
}

const kinds: Readonly<Record<Said, Kind>> = {
  login: kind(
    'login',
    'login-refused',
    'Check login and secret: a token as USER@REALM!TOKEN with its UUID, or USER@REALM with the password.',
  ),
  denied: kind(
    'denied',
    'access-denied',
    'Give the login a role with the right named there (PVEVMAdmin, PVEDatastoreUser); a token needs its own, or no privilege separation.',
  ),
  invalid: kind('invalid', 'panel-refused', 'Check the settings of the server against what the panel says.'),
  exists: kind('exists', 'already-exists', 'It is looked at again.'),
  changed: kind('changed', 'server-config-changed', 'Somebody changed the guest meanwhile; it is looked at again.'),
  busy: kind(
    'busy',
    'server-busy',
    'Something else works on the guest (a backup, a migration); try again when it is over.',
  ),
  state: kind('state', 'panel-refused', 'It is looked at again.'),
  missing: kind('missing', 'panel-refused', 'Check the settings of the server (node, storage, template, bridge).'),
  unclear: kind('unclear', 'panel-error', "Look at the panel's log and at the guest; it is looked at again."),
};

function kind(said: Said, code: string, next: string): Kind {
  return { said, code, next };
}

/**
 * Words of a 500 after which nothing was done, each checked in the panel's source: they are said before anything is
 * written or forked (seen: pve-container API2/LXC.pm, qemu-server API2/Qemu.pm, pve-guest-common AbstractConfig.pm,
 * pve-cluster check_vmid_unused, old pve-manager API2/OpenVZ.pm). Whatever else a 500 says leaves the outcome unknown.
 */
const clearWords: readonly (readonly [RegExp, Said])[] = [
  [/\balready exists\b/, 'exists'],
  [/detected modified configuration|checksum miss?match/, 'changed'],
  [/\bis locked\b|can't lock file|got lock (request )?timeout|no quorum|cluster not ready/, 'busy'],
  [
    /^Configuration file .* does not exist|(already|not) running\b|\bis running\b|protection mode enabled|used in HA resources/,
    'state',
  ],
  [
    /\bdoes not exist\b|\bno such \b|(is|not) (not )?available on node|does not support|is disabled|not a template|hostname lookup .* failed/,
    'missing',
  ],
];

/**
 * What a Proxmox VE answered, when it is its clear word (reference 5.4: 400 parameters, 401 login, 403 rights, 500 the
 * rest). 595 to 599 are one node's failure to reach another: no word of the panel, as the other may have done it.
 */
export function refusalOf(status: number, body: unknown, secrets: readonly string[]): RestRefusal | undefined {
  if (status === 401) return refusal('login', 'The panel does not accept the login', secrets); // without a body (seen)
  const said = arrayOrRecord(body);
  if (status < 400 || status > 501 || said === undefined || !('data' in said)) return undefined;
  const words = [textIn(said, 'message') ?? `HTTP ${status}`, ...errorsIn(said)].map((text) => text.trim()).join('; ');
  return refusal(kindOf(status, words), words, secrets);
}

function kindOf(status: number, words: string): Said {
  if (status === 403) return 'denied';
  if (status === 501) return 'missing';
  // A 400 too: said of what is written already, and could not be applied to the running guest (seen: vmconfig_hotplug_pending).
  if (/\bhotplug\b|unable to apply pending change/.test(words)) return 'unclear';
  const known = clearWords.find(([pattern]) => pattern.test(words))?.[1];
  return known ?? (status < 500 ? 'invalid' : 'unclear');
}

function refusal(said: Said, words: string, secrets: readonly string[]): RestRefusal {
  const { code, next } = kinds[said];
  const message = `The panel says: ${safeText(words, secrets, 300)}`;
  return {
    failure: { code, message: said === 'login' ? words : message, next },
    said,
    retryable: ['changed', 'busy', 'unclear'].includes(said),
    notLoggedIn: said === 'login',
  };
}

function errorsIn(said: Readonly<Record<string, unknown>>): readonly string[] {
  const errors = arrayOrRecord(said['errors']);
  return errors === undefined ? [] : Object.entries(errors).map(([field, why]) => `${field}: ${String(why)}`);
}
