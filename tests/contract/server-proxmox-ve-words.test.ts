import { describe, expect, test } from '@jest/globals';
import { refusalOf } from '../../activities/servers/proxmox-ve/refusal.ts';
import { serverModules } from '../../activities/servers/index.ts';
import { canary } from './support/panels.ts';
import { template } from './support/servers/proxmox-ve.ts';

/** What a Proxmox VE answers, and whether that is its clear word that nothing was done. */
const answers: readonly {
  readonly status: number;
  readonly message?: string;
  readonly errors?: Readonly<Record<string, string>>;
  readonly said: string;
}[] = [
  { status: 400, message: 'Parameter verification failed.\n', errors: { net0: 'invalid format' }, said: 'invalid' },
  {
    status: 400,
    message: 'Parameter verification failed.\n',
    errors: { vmid: 'VM 100 already exists' },
    said: 'exists',
  },
  { status: 400, message: 'Parameter verification failed.\n', errors: { upid: 'no such task' }, said: 'missing' },
  // Written, and not applied to the running guest: no word for "nothing was done".
  {
    status: 400,
    message: 'Parameter verification failed.\n',
    errors: { net1: 'hotplug problem - unable to open monitor socket' },
    said: 'unclear',
  },
  {
    status: 400,
    message: 'Parameter verification failed.\n',
    errors: { net1: 'unable to hotplug net1: command failed' },
    said: 'unclear',
  },
  { status: 403, message: 'Permission check failed (/vms/100, VM.Allocate)\n', said: 'denied' },
  { status: 500, message: "CT 100 already exists on node 'pve1'\n", said: 'exists' },
  { status: 500, message: 'unable to create VM 100: config file already exists\n', said: 'exists' },
  { status: 500, message: 'detected modified configuration - file changed by other user? Try again.', said: 'changed' },
  { status: 500, message: 'checksum mismatch (file change by other user?)', said: 'changed' },
  { status: 500, message: 'checksum missmatch (file change by other user?)', said: 'changed' },
  { status: 500, message: 'CT is locked (backup)', said: 'busy' },
  { status: 500, message: "can't lock file '/run/lock/lxc/pve-config-100.lock' - got timeout", said: 'busy' },
  { status: 500, message: 'cluster not ready - no quorum?', said: 'busy' },
  { status: 500, message: 'CT 100 already running', said: 'state' },
  { status: 500, message: 'VM 100 is running - destroy failed', said: 'state' },
  { status: 500, message: "Configuration file 'nodes/pve1/lxc/100.conf' does not exist", said: 'state' },
  { status: 500, message: "can't remove CT 100 - protection mode enabled", said: 'state' },
  { status: 500, message: "storage 'nowhere' does not exist", said: 'missing' },
  { status: 500, message: "hostname lookup 'pve7' failed - failed to get address info", said: 'missing' },
  { status: 501, message: "Method 'GET /access/permissions' not implemented", said: 'missing' },
  { status: 500, message: 'unable to fork worker - Cannot allocate memory', said: 'unclear' },
  { status: 500, message: 'command failed: got timeout', said: 'unclear' },
  { status: 500, said: 'unclear' },
];

describe('an error of the panel', () => {
  test.each(answers)('$status "$message" is $said', ({ status, message, errors, said }) => {
    const refusal = refusalOf(status, { data: null, message, errors }, [canary]);
    expect(refusal?.said).toBe(said);
    expect(refusal?.failure.message).toContain((message ?? 'HTTP 500').trim().slice(0, 100));
    for (const why of Object.values(errors ?? {})) expect(refusal?.failure.message).toContain(why);
    expect(refusal?.failure.next).not.toBe('');
  });

  test('401 is a refused login, with or without a body', () => {
    for (const body of [undefined, { data: null }]) {
      expect(refusalOf(401, body, [])).toMatchObject({ notLoggedIn: true, failure: { code: 'login-refused' } });
    }
  });

  const nobodysWord: readonly (readonly [number, unknown])[] = [
    [200, { data: null }],
    [500, undefined],
    [502, { data: null }],
    [595, { data: null, message: 'No route to host' }],
    [596, undefined],
    [599, undefined],
    [403, { error: 'blocked by a firewall' }],
    [500, 'text'],
  ];

  test.each(nobodysWord)('%d with %j is no word of the panel', (status, body) => {
    expect(refusalOf(status, body, [])).toBeUndefined();
  });

  test('words that repeat a secret are withheld (I11)', () => {
    const refusal = refusalOf(500, { data: null, message: `value '${canary}' is wrong` }, [canary]);
    expect(refusal?.failure.message).toContain('withheld');
  });
});

describe('settings', () => {
  const settings = serverModules['proxmox-ve']?.settings;

  const good: readonly Readonly<Record<string, string>>[] = [
    { template },
    { type: 'lxc', template, node: 'pve1', storage: 'local-lvm', disk: '8', memory: '512', cores: '2' },
    { type: 'qemu', template: '9000', bridge: 'vmbr0', vlan: '42', pool: 'customers/vps' },
    { template, prefix4: '24', gateway4: '192.0.2.1', prefix6: '64', gateway6: '2001:db8::1' },
    { template, vmids: '500-999', scan: 'off' },
  ];

  test.each(good)('%j are taken', (value) => {
    expect(settings?.safeParse(value)).toMatchObject({ success: true });
  });

  /** The setting that is wrong, and what the message says of what is accepted. */
  const bad: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['template', {}, 'the volume of the template'],
    ['template', { template: 'debian' }, 'local:vztmpl/'],
    ['template', { type: 'qemu', template }, 'VMID'],
    ['type', { template, type: 'kvm' }, 'lxc'],
    ['node', { template, node: 'pve_1' }, 'pve1'],
    ['storage', { template, storage: '-x' }, 'local-lvm'],
    ['disk', { template, disk: '8G' }, 'GiB'],
    ['disk', { template, disk: '0' }, 'GiB'],
    ['memory', { template, memory: '8' }, 'from 16'],
    ['cores', { template, cores: '1.5' }, 'cores'],
    ['bridge', { template, bridge: 'vmbr0,tag=1' }, 'vmbr0'],
    ['vlan', { template, vlan: '4095' }, 'to 4094'],
    ['prefix4', { template, prefix4: '33' }, 'to 32'],
    ['gateway4', { template, gateway4: '2001:db8::1' }, '192.0.2.1'],
    ['prefix6', { template, prefix6: '129' }, 'to 128'],
    ['gateway6', { template, gateway6: '192.0.2.1' }, '2001:db8::1'],
    ['vmids', { template, vmids: '900-100' }, '10000000-99999999'],
    ['vmids', { template, vmids: '100-150' }, 'at least 100 apart'],
    ['scan', { template, scan: 'no' }, 'on or off'],
    ['colour', { template, colour: 'red' }, 'colour'],
  ];

  test.each(bad)('%s of %j is refused, and what is accepted is said', (name, value, accepted) => {
    const result = settings?.safeParse(value);
    expect(result?.success).toBe(false);
    const issues = JSON.stringify(result?.error?.issues);
    expect(issues).toContain(name);
    expect(issues).toContain(accepted);
  });
});
