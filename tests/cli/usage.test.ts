import { describe, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PROJECT } from '../../worker/local/home.ts';
import { bareEnv, iptally } from './support/cli.ts';

describe('a command line that is wrong', () => {
  test.each([
    ['nothing at all', []],
    ['an unknown noun', ['addresss', 'list']],
    ['a noun without a verb', ['address']],
    ['an unknown verb', ['address', 'lst']],
    ['an unknown option', ['address', 'list', '--colour']],
    ['a missing argument', ['address', 'show']],
    ['an argument too many', ['address', 'list', 'all']],
    ['a missing option', ['service', 'provision', 'a-1', '--kind', 'vps']],
    ['an option without its value', ['address', 'list', '--service']],
    ['a password as an argument', ['integration', 'add', 'x', '--password', 'secret']],
  ])('ends with 2 and one document: %s', async (_what, args) => {
    const ran = await iptally([...args, '--json']);
    expect(ran.status).toBe(2);
    expect(ran.json).toEqual({
      error: { code: 'usage', message: expect.any(String), next: expect.stringMatching(/^see iptally.* --help$/) },
    });
    expect(ran.stderr).toBe('');
  });

  test('says the same to people, on stderr', async () => {
    const ran = await iptally(['address', 'show']);
    expect(ran).toMatchObject({ status: 2, stdout: '' });
    expect(ran.stderr).toContain("missing required argument 'ip'");
    expect(ran.stderr).toContain('next: see iptally address show --help');
  });
});

describe('what needs nothing', () => {
  test('--version tells the version of package.json', async () => {
    const { version } = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8')) as { version: string };
    expect(await iptally(['--version'])).toMatchObject({ status: 0, stdout: `${version}\n`, stderr: '' });
  });

  test.each([[['--help']], [['integration', 'add', '--help']], [['up', '--help']]])('%j is an answer', async (args) => {
    const ran = await iptally(args);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toContain('--json');
  });
});

describe('without a database or Temporal', () => {
  test.each([
    [['tariff', 'list'], 'no-database'],
    [['address', 'show', '192.0.2.1'], 'no-database'],
    [['migrate'], 'no-database'],
    [['worker'], 'no-temporal'],
    [
      ['service', 'provision', 's-1', ...'--kind vps --domain a.example --server s --tariff t'.split(' ')],
      'no-temporal',
    ],
  ])('%j ends with 4 and names both ways', async (args, code) => {
    const ran = await iptally([...args, '--json']);
    expect(ran.status).toBe(4);
    expect(ran.json).toMatchObject({ error: { code, next: expect.stringMatching(/iptally up.*or set [A-Z_]+/s) } });
  });

  test('one that does not answer is told without its password', async () => {
    const env = { ...bareEnv(), DATABASE_URL: 'postgres://app:canary-7f3a@127.0.0.1:1/iptally', IPTALLY_DEBUG: '1' };
    const key = { IPTALLY_MASTER_KEY_FILE: join(PROJECT, 'package.json') };
    const ran = await iptally(['doctor', '--json'], { env: { ...env, ...key } });
    expect(ran.status).toBe(4);
    expect(ran.stdout + ran.stderr).not.toContain('canary-7f3a');
    expect(ran.json).toMatchObject({
      checks: expect.arrayContaining([expect.objectContaining({ name: 'database', state: 'fail' })]),
    });
  });
});

describe('a setting of the environment that is wrong ends with 2 and its name', () => {
  const wrong = 'postgres://app:canary/7f3a@db.example/iptally';

  test.each([
    ['DATABASE_URL', ['migrate']],
    ['DATABASE_URL', ['tariff', 'list']],
    ['IPTALLY_MIGRATION_DATABASE_URL', ['migrate']],
  ])('%s of %j', async (field, args) => {
    const env = { ...bareEnv(), DATABASE_URL: 'postgres://app@db.example/iptally', [field]: wrong };
    const ran = await iptally([...args, '--json'], { env });
    expect(ran.status).toBe(2);
    expect(ran.json).toMatchObject({ error: { code: 'invalid-database-url', field } });
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });

  test('doctor tells of a DATABASE_URL as of everything else', async () => {
    const ran = await iptally(['doctor', '--json'], { env: { ...bareEnv(), DATABASE_URL: wrong } });
    expect(ran.status).toBe(2);
    expect(ran.json).toMatchObject({
      checks: expect.arrayContaining([
        expect.objectContaining({ name: 'database', detail: expect.stringContaining('invalid-database-url') }),
      ]),
    });
    expect(ran.stdout + ran.stderr).not.toContain('canary');
  });

  test.each([
    [{ IPTALLY_LOG_LEVEL: 'chatty' }, 'invalid-log-level', /trace, debug.*silent/],
    [{ IPTALLY_METRICS_ADDRESS: 'metrics' }, 'invalid-metrics-address', /127\.0\.0\.1:/],
    [{ IPTALLY_METRICS_ADDRESS: '127.0.0.1:99999' }, 'invalid-metrics-address', /127\.0\.0\.1:/],
    [{ IPTALLY_DEPLOYMENT: 'iptally' }, 'deployment-incomplete', /both/],
    [{ IPTALLY_BUILD_ID: '1.2.3' }, 'deployment-incomplete', /both/],
  ])('%j of a worker', async (more, code, accepted) => {
    const env = { ...bareEnv(), TEMPORAL_ADDRESS: '127.0.0.1:1', ...more };
    const ran = await iptally(['worker', '--json'], { env });
    expect(ran.status).toBe(2);
    expect(ran.json).toMatchObject({ error: { code, accepted: expect.stringMatching(accepted) } });
  });
});

test('a worker whose metrics address is taken says that, and ends with 4', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const at = taken.address();
  const address = `127.0.0.1:${typeof at === 'object' && at !== null ? at.port : 0}`;
  const env = { ...bareEnv(), TEMPORAL_ADDRESS: '127.0.0.1:1', IPTALLY_METRICS_ADDRESS: address };
  const ran = await iptally(['worker', '--json'], { env });
  expect(ran.status).toBe(4);
  expect(ran.json).toMatchObject({ error: { code: 'metrics-address-unusable', value: address } });
  taken.close();
});

describe('input is refused before anything is asked', () => {
  const provision = { kind: 'vps', domain: 'a.example', server: 's', tariff: 't' };
  const flags = (more: Readonly<Record<string, string>>): readonly string[] =>
    Object.entries({ ...provision, ...more }).flatMap(([name, value]) => [`--${name}`, value]);

  test.each([
    ['service provision a/b', ['service', 'provision', 'a/b', ...flags({})], 'service.id'],
    ['kind', ['service', 'provision', 'a', ...flags({ kind: 'mail' })], 'service.kind'],
    ['one label', ['service', 'provision', 'a', ...flags({ domain: 'localhost' })], 'service.domain'],
    ['underscore', ['service', 'provision', 'a', ...flags({ domain: 'a_b.example' })], 'service.domain'],
    [
      'a label of 64',
      ['service', 'provision', 'a', ...flags({ domain: `${'a'.repeat(64)}.example` })],
      'service.domain',
    ],
    ['the mark', ['service', 'provision', 'a', ...flags({ domain: 'dns.set.error' })], 'service.domain'],
    ['customer', ['service', 'provision', 'a', ...flags({ customer: 'c 1' })], 'service.customer'],
    ['server', ['service', 'provision', 'a', ...flags({ server: 'S_1' })], 'service.server'],
    ['family', ['address', 'add', '--service', 'a', '--family', 'ipv5'], 'family'],
    ['octal', ['address', 'add', '--service', 'a', '--address', '192.0.2.010'], 'address'],
    ['mapped', ['address', 'add', '--service', 'a', '--address', '::ffff:192.0.2.1'], 'address'],
    ['zone', ['address', 'add', '--service', 'a', '--address', 'fe80::1%eth0'], 'address'],
    ['prefix', ['address', 'add', '--service', 'a', '--address', '192.0.2.1/32'], 'address'],
    ['other family', ['address', 'add', '--service', 'a', '--address', '192.0.2.1', '--family', 'ipv6'], 'family'],
    ['order', ['address', 'add', '--service', 'a', '--order', '../x'], 'order'],
    ['hex', ['address', 'ptr', '0xc0000201', 'a.example'], 'address'],
    ['ptr', ['address', 'ptr', '192.0.2.1', 'a..example'], 'ptr'],
    ['actor', ['address', 'ptr', '192.0.2.1', 'a.example', '--actor', 'root'], 'actor'],
    ['reason', ['address', 'release', '192.0.2.1', '--reason', 'two\nlines'], 'reason'],
    ['reason of a removal', ['service', 'remove', 'a', '--reason', ''], 'reason'],
  ])('%s', async (_what, args, field) => {
    const ran = await iptally([...args, '--json']);
    expect(ran.status).toBe(2);
    const words = expect.any(String);
    expect(ran.json).toEqual({
      error: { code: 'invalid-input', message: words, field, value: words, accepted: words, next: words },
    });
  });
});
