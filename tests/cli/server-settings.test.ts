import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { startVdsManager4Simulator } from '../../activities/servers/vdsmanager4/simulator/start.ts';
import { createVdsWorld } from '../../activities/servers/vdsmanager4/simulator/world.ts';
import { serverCommands } from '../../client/cli/commands/server.ts';
import { serverInput, type ServerFlags } from '../../client/cli/commands/server-flags.ts';
import { createProgram } from '../../client/cli/program.ts';
import { serverReport } from '../../client/cli/render/server.ts';
import { changedServer, serverFields } from '../../client/inputs/server.ts';
import { modules } from '../../worker/compose.ts';
import { probeServer } from '../../worker/probe.ts';
import { IptallyError } from '../../worker/iptally-error.ts';
import { goodSettings } from './support/good-settings.ts';

type Sets = readonly string[];

const flagsFor = (set: Sets): ServerFlags => ({ url: 'https://192.0.2.6', login: 'root', set });

async function make(module: string, set: Sets, more: ServerFlags = {}) {
  const place = module === 'external' ? { set } : flagsFor(set);
  return serverFields({ ...serverInput({ ...place, ...more }), name: 's1', module }, modules(), true);
}

async function refusal(run: () => Promise<unknown>): Promise<IptallyError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof IptallyError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

/** The settings of a module as `--set` gives them, with some replaced; `undefined` leaves one out. */
function sets(module: string, change: Readonly<Record<string, string | undefined>> = {}): Sets {
  return Object.entries({ ...goodSettings[module], ...change }).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
}

/** Every setting of every module, with a value that it does not take. */
const wrong: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'ispmanager-business': { preset: ['', 'x'.repeat(101)], webdomain: ['yes'], emaildomain: ['OFF'] },
  'ispmanager-lite': { preset: ['\u0007'], webdomain: ['1'], emaildomain: [''] },
  vdsmanager4: { preset: ['two words'], template: ['a/b'], owner: [''], lists: ['all'], ipmanager: ['IP'] },
  vmmanager5: { preset: [' '], template: ['a b', ''], node: ['no de'], user: ['-u'], group: ['a.b'] },
  vmmanager6: {
    cluster: ['0', 'main'],
    os: ['debian'],
    account: ['1.5'],
    preset: ['-3'],
    ram_mib: ['1G'],
    cpu_number: ['two'],
    hdd_mib: ['9999999999'],
    node: ['auto'],
    ip_pool: [''],
  },
  'proxmox-ve': {
    type: ['kvm'],
    template: ['debian', ''],
    node: ['pve_1'],
    storage: ['9'],
    pool: ['a b'],
    disk: ['8G', '0'],
    memory: ['15'],
    cores: ['8193'],
    nesting: ['true'],
    bridge: ['0br'],
    vlan: ['4095'],
    prefix4: ['33'],
    gateway4: ['2001:db8::1'],
    prefix6: ['0'],
    gateway6: ['192.0.2.1'],
    vmids: ['5-9', '100-150'],
    scan: ['yes'],
  },
};

const wrongRows = Object.entries(wrong).flatMap(([module, names]) =>
  Object.entries(names).flatMap(([name, values]) => values.map((value) => [module, name, value] as const)),
);

describe('a setting', () => {
  test('of every name of every module has a row here', () => {
    const named = Object.fromEntries(Object.entries(wrong).map(([module, names]) => [module, Object.keys(names)]));
    const known = Object.entries(modules()).map(([module, { settings }]) => [module, Object.keys(settings.shape)]);
    expect({ ...named, external: [] }).toEqual(Object.fromEntries(known));
  });

  test.each(wrongRows)('%s: %s=%j is refused: value, what is accepted, where, next', async (module, name, value) => {
    const error = await refusal(() => make(module, sets(module, { [name]: value })));
    expect(error).toMatchObject({ code: 'invalid-input', field: name, exitStatus: 2 });
    expect(error.value).toBe(value);
    expect(error.message).toBe(
      `${name}: ${JSON.stringify(value)} in the settings of module ${module}; accepted: ${error.accepted}`,
    );
    expect(error.next).toContain(`correct --set ${name}=`);
    // The words are ours, not those of a library.
    expect(error.accepted).not.toMatch(/Invalid|expected|Too (small|big)|undefined/);
    expect(error.accepted?.length).toBeGreaterThan(5);
  });

  test.each([
    ['vdsmanager4', 'preset'],
    ['vdsmanager4', 'template'],
    ['vmmanager5', 'preset'],
    ['vmmanager5', 'template'],
    ['vmmanager6', 'cluster'],
    ['vmmanager6', 'os'],
    ['vmmanager6', 'preset'],
    ['proxmox-ve', 'template'],
  ])('%s cannot do without %s, and says so', async (module, name) => {
    const error = await refusal(() => make(module, sets(module, { [name]: undefined })));
    expect(error).toMatchObject({ code: 'invalid-input', field: name, value: 'nothing', exitStatus: 2 });
    expect(error.message).toContain(`${name} is missing in the settings of module ${module}; accepted: `);
    expect(error.next).toContain(`give --set ${name}=`);
    expect(error.accepted).not.toMatch(/Invalid|undefined/);
  });

  test('whose wrong value is the word "nothing" is not said to be missing', async () => {
    const error = await refusal(() => make('vmmanager6', sets('vmmanager6', { cluster: 'nothing' })));
    expect(error.message).toContain('cluster: "nothing" in the settings of module vmmanager6; accepted: ');
    expect(error.next).toContain('correct --set cluster=');
  });

  test.each(Object.keys(modules()))(
    'that %s does not have is refused with those there are, its value untold',
    async (module) => {
      const error = await refusal(() => make(module, [...sets(module), 'password=canary-5e77']));
      const known = Object.keys(modules()[module]?.settings.shape ?? {});
      expect(error).toMatchObject({ code: 'unknown-field', field: 'password', value: 'password', exitStatus: 2 });
      expect(error.accepted).toBe(known.length === 0 ? 'none: this module has no settings' : known.join(', '));
      expect(JSON.stringify(error.failure)).not.toContain('canary');
    },
  );

  test.each(Object.keys(goodSettings))('of %s is kept as given', async (module) => {
    expect((await make(module, sets(module))).settings).toEqual(goodSettings[module]);
  });

  test.each([
    ['preset=3 beside ram_mib', { ram_mib: '512' }, 'preset', 'a preset alone'],
    ['a part of the sizes', { preset: undefined, ram_mib: '512' }, 'cpu_number', 'all of ram_mib, cpu_number, hdd_mib'],
  ])('vmmanager6 refuses %s', async (_what, change, field, words) => {
    const error = await refusal(() => make('vmmanager6', sets('vmmanager6', change)));
    expect(error).toMatchObject({ field, accepted: expect.stringContaining(words) });
  });

  test('proxmox-ve of type qemu wants the VMID of its template, of type lxc a volume', async () => {
    const clone = sets('proxmox-ve', { type: 'qemu' });
    expect(await refusal(() => make('proxmox-ve', clone))).toMatchObject({ accepted: expect.stringContaining('VMID') });
    const fields = await make('proxmox-ve', sets('proxmox-ve', { type: 'qemu', template: '9000' }));
    expect(fields.settings).toMatchObject({ type: 'qemu', template: '9000' });
  });

  test.each([['template'], ['=x'], ['__proto__=x'], ['two words=x']])('written as %j is refused', async (text) => {
    expect(await refusal(() => make('vmmanager5', [text]))).toMatchObject({ field: 'set', value: text, exitStatus: 2 });
  });

  test('given twice, or given and taken away, is refused: neither wins silently', async () => {
    const twice = [...sets('vmmanager5'), 'preset=other'];
    expect((await refusal(() => make('vmmanager5', twice))).message).toContain('preset a second time');
    const both = await refusal(() => make('vmmanager5', sets('vmmanager5'), { unset: ['preset'] }));
    expect(both).toMatchObject({ code: 'usage', message: expect.stringContaining('--unset preset') });
  });

  test.each([['constructor'], ['__proto__'], ['toString']])('no module is called %s', async (module) => {
    const error = await refusal(() => make(module, []));
    expect(error).toMatchObject({ code: 'invalid-input', field: 'module', value: module });
  });
});

/** Rows of a table of the docs, as cells; an empty first cell is that of the row above. */
function rowsOf(file: string, head: string): readonly (readonly string[])[] {
  const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const [table = ''] = text.slice(text.indexOf(head)).split('\n\n');
  return table
    .split('\n')
    .slice(2)
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, ...cells]) => cells);
}

const quoted = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('the docs', () => {
  test('name every setting of every module, and which are needed', () => {
    const told = new Map<string, boolean>();
    let of: readonly string[] = [];
    for (const [module = '', names = ''] of rowsOf('ARCHITECTURE.md', '| module | setting |')) {
      if (module !== '') of = quoted(module);
      for (const name of quoted(names))
        for (const one of of) told.set(`${one} ${name}`, names.includes(`**\`${name}\`**`));
    }
    const known = Object.entries(modules()).flatMap(([module, { settings }]) =>
      Object.entries(settings.shape).map(
        ([name, schema]) => [`${module} ${name}`, !schema.safeParse(undefined).success] as const,
      ),
    );
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(known));
  });

  test('name every module in the help of server add', () => {
    const program = createProgram();
    serverCommands(program);
    const verbs = program.commands.find((one) => one.name() === 'server')?.commands;
    const help = verbs?.find((one) => one.name() === 'add')?.helpInformation();
    for (const module of Object.keys(modules())) expect(help).toContain(module);
  });

  test('name every module in the README', () => {
    const told = rowsOf('README.md', '| module | sets up |').flatMap(([module = '']) => quoted(module));
    expect(told.toSorted()).toEqual(Object.keys(modules()).toSorted());
  });
});

describe('server edit', () => {
  const edit = async (flags: ServerFlags) => {
    const fields = await make('vmmanager5', sets('vmmanager5', { node: 'node1' }));
    const before = { ...fields, name: 's1', createdAt: '2026-01-01T00:00:00.000Z' };
    return changedServer(before, serverInput(flags), { modules: modules(), trustPrivate: true });
  };

  test('changes one setting and keeps the rest', async () => {
    const { settings } = await edit({ set: ['node=node2'] });
    expect(settings).toEqual({ ...goodSettings['vmmanager5'], node: 'node2' });
  });

  test('--unset takes an optional one away, also one that is not set', async () => {
    expect((await edit({ unset: ['node', 'user'] })).settings).toEqual(goodSettings['vmmanager5']);
  });

  test('an empty value is no value: the refusal names --unset', async () => {
    expect((await refusal(() => edit({ set: ['node='] }))).next).toContain('--unset node');
    expect((await refusal(() => edit({ set: ['template='] }))).next).not.toContain('--unset');
  });

  test('--unset of one that is needed, or that the module does not have, is refused', async () => {
    expect(await refusal(() => edit({ unset: ['template'] }))).toMatchObject({ field: 'template', value: 'nothing' });
    expect(await refusal(() => edit({ unset: ['colour'] }))).toMatchObject({ code: 'unknown-field', field: 'colour' });
  });
});

describe('server test', () => {
  const running: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
  });

  test('of a VDSmanager 4 without a link to IPmanager says so in words, and changes nothing', async () => {
    const world = createVdsWorld({
      logins: [{ name: 'root', password: 'canary-5e77' }],
      knobs: { ipmanagerUrl: '' },
    });
    const panel = await startVdsManager4Simulator({ world });
    running.push(panel);
    const more = { url: panel.url, allowPlainHttp: true };
    const fields = await make('vdsmanager4', sets('vdsmanager4'), more);
    const report = serverReport({ name: 's1', module: fields.module }, await probeServer('s1', fields, 'canary-5e77'));
    expect(report.json).toMatchObject({ product: 'VDSmanager', version: '4', rights: 'may manage VDSs' });
    expect(report.text).toContain('IPmanager form is empty: PTRs do not show in VDSmanager until it is filled in');
    expect(report.text).not.toContain('canary');
    expect(panel.log.filter(({ purpose }) => ['create', 'write', 'release'].includes(purpose))).toEqual([]);
  });
});
