import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { temporaryFolder } from '../support/folders.ts';
import { service } from '../support/orders.ts';
import { readmeBlocks } from '../support/readme.ts';
import { testServers } from '../support/servers.ts';
import { openDesk } from '../workflows/support/desk.ts';

const engine = await openDesk();
const binary = await findTemporal({ progress: () => undefined });

interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The `temporal` command as an operator types it. */
async function temporal(...args: readonly string[]): Promise<Ran> {
  const { temporalAddress } = testServers();
  const at = ['--address', temporalAddress, '--namespace', engine.client.options.namespace];
  try {
    return { status: 0, ...(await promisify(execFile)(binary.path, [...args, ...at], { timeout: 40_000 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as {
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return { status: code, stdout, stderr };
  }
}

const order = (id: string, input: unknown) => [
  '--type',
  'provisionService',
  '--task-queue',
  engine.taskQueue,
  '--workflow-id',
  `provision/${id}`,
  '--input',
  JSON.stringify(input),
];

/** A folder as that of a stack: its home tells where Temporal is, and `temporal` and `node` are on the path. */
function stackFolder(): { readonly cwd: string; readonly path: string } {
  const cwd = temporaryFolder('readme');
  mkdirSync(join(cwd, '.iptally'));
  const { temporalAddress } = testServers();
  writeFileSync(join(cwd, '.iptally', 'stack.json'), JSON.stringify({ temporalAddress }));
  symlinkSync(binary.path, join(cwd, 'temporal'));
  return { cwd, path: [cwd, dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter) };
}

describe('the temporal command', () => {
  test.concurrent('does what the README says, line by line', async () => {
    await engine.addServer('vps1');
    await engine.addTariff('vps-small', 1);
    const [script = ''] = readmeBlocks('sh', 'With the `temporal` command');
    const own = {
      'queue iptally': `queue ${engine.taskQueue}`,
      'space iptally': `space ${engine.client.options.namespace}`,
    };
    const filled = Object.entries(own).reduce((text, [name, value]) => text.replaceAll(name, value), script);
    const { cwd, path } = stackFolder();
    const env = { PATH: path, HOME: cwd, TEMPORAL_CONFIG_FILE: '/dev/null' };
    const { stdout } = await promisify(execFile)('sh', ['-ec', filled], { cwd, env, timeout: 120_000 });
    expect(stdout).toMatch(/"outcome":\s*"allocated"/);
    expect(await engine.ledger.services.find('web-2')).toMatchObject({ state: 'active' });
    expect(await engine.client.workflow.getHandle('provision/web-2').describe()).toMatchObject({
      status: { name: 'COMPLETED' },
    });
  });

  test.concurrent('starts provisionService, asks its updates, and shows the result', async () => {
    const input = service('cli-1');
    const started = await temporal(
      'workflow',
      'start',
      ...order('cli-1', input),
      '--id-conflict-policy',
      'UseExisting',
      '-o',
      'json',
    );
    expect(started).toMatchObject({ status: 0 });
    const id = ['--workflow-id', 'provision/cli-1'];
    const addresses = await temporal(
      'workflow',
      'update',
      'execute',
      ...id,
      '--name',
      'addresses',
      '--input',
      JSON.stringify(input),
      '-o',
      'json',
    );
    expect(JSON.parse(addresses.stdout)).toMatchObject({
      result: { service: 'cli-1', outcome: 'allocated', addresses: [{ state: 'reserved', ptr: 'cli-1.example.com' }] },
    });
    const report = ['--name', 'setupFinished', '--update-id', 'report-1', '--input', '{"ok":true}'];
    const finished = await temporal('workflow', 'update', 'execute', ...id, ...report, '-o', 'json');
    expect(JSON.parse(finished.stdout)).toMatchObject({ result: { service: 'cli-1', state: 'active' } });
    const result = await temporal('workflow', 'result', ...id, '-o', 'json');
    expect(JSON.parse(result.stdout)).toMatchObject({ status: 'COMPLETED', result: { outcome: 'allocated' } });
    const again = await temporal('workflow', 'update', 'execute', ...id, ...report, '-o', 'json');
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(finished.stdout));
  });

  test.concurrent('orders and waits for the addresses in one step', async () => {
    const input = service('cli-2');
    const update = ['--update-name', 'addresses', '--update-input', JSON.stringify(input)];
    const policy = ['--id-conflict-policy', 'UseExisting', '-o', 'json'];
    const ordered = await temporal(
      'workflow',
      'execute-update-with-start',
      ...order('cli-2', input),
      ...update,
      ...policy,
    );
    expect(ordered).toMatchObject({ status: 0 });
    expect(ordered.stdout).toMatch(/"outcome":\s*"allocated"/);
  });

  test.concurrent('shows a wrong field at once, by its type and in words', async () => {
    const input = { ...service('cli-3'), adresses: [] };
    const ran = await temporal('workflow', 'execute', ...order('cli-3', input), '-o', 'json');
    expect(ran.status).toBe(1);
    const text = `${ran.stdout}${ran.stderr}`;
    expect(text).toContain('unknown-field');
    expect(text).toContain('adresses is not a field of provisionService');
  });

  test.concurrent('finds waiting runs by their search attributes', async () => {
    await temporal('workflow', 'start', ...order('cli-4', service('cli-4')));
    const id = ['--workflow-id', 'provision/cli-4'];
    await temporal(
      'workflow',
      'update',
      'execute',
      ...id,
      '--name',
      'setupFinished',
      '--input',
      '{"ok":false,"reason":"disk full"}',
    );
    const query = `IptallyState = 'waiting' AND IptallyReason = 'set-up-failed' AND IptallyService = 'cli-4'`;
    let found = '';
    for (let tries = 0; tries < 40 && !found.includes('provision/cli-4'); tries += 1) {
      found = (await temporal('workflow', 'list', '--query', query)).stdout;
    }
    expect(found).toContain('provision/cli-4');
  });
});
