import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readConfig, requireDatabase, requireMasterKey, requireTemporal } from '../../worker/config.ts';
import { writeStack } from '../../worker/local/stack-file.ts';
import { temporaryFolder } from '../support/folders.ts';

const noFile = { TEMPORAL_CONFIG_FILE: '/dev/null' };

/** A home in which a stack runs: this process. */
function runningHome(pid = process.pid): string {
  const home = temporaryFolder('config');
  writeStack(home, {
    pid,
    pids: { postgres: 1, temporal: 1 },
    temporalAddress: '127.0.0.1:7001',
    namespace: 'of-the-stack',
    webUi: 'http://127.0.0.1:8001',
    databaseUrl: 'postgres://stack@127.0.0.1:5001/iptally',
    simulators: {},
  });
  writeFileSync(join(home, 'master.key'), Buffer.alloc(32).toString('base64'));
  return home;
}

describe('each setting', () => {
  test('comes from the stack that runs, with its own key', () => {
    const home = runningHome();
    const config = readConfig({}, { ...noFile, IPTALLY_HOME: home });
    expect(config).toMatchObject({
      home,
      databaseUrl: 'postgres://stack@127.0.0.1:5001/iptally',
      temporalAddress: '127.0.0.1:7001',
      namespace: 'of-the-stack',
      webUi: 'http://127.0.0.1:8001',
      masterKeyFile: join(home, 'master.key'),
      temporalOptions: {},
    });
    expect(requireMasterKey(config)).toBe(join(home, 'master.key'));
  });

  test('comes from the environment before that, and a flag before both', () => {
    const env = {
      ...noFile,
      IPTALLY_HOME: runningHome(),
      DATABASE_URL: 'postgres://env@db/iptally',
      TEMPORAL_ADDRESS: 'temporal.example:7233',
      TEMPORAL_NAMESPACE: 'of-the-env',
      IPTALLY_MASTER_KEY_FILE: '/etc/iptally.key',
    };
    expect(readConfig({}, env)).toMatchObject({
      databaseUrl: 'postgres://env@db/iptally',
      temporalAddress: 'temporal.example:7233',
      namespace: 'of-the-env',
      masterKeyFile: '/etc/iptally.key',
    });
    const flags = { temporalAddress: 'other.example:7233', namespace: 'of-the-flag', masterKeyFile: '/tmp/key' };
    expect(readConfig(flags, env)).toMatchObject(flags);
  });

  test('of a stack belongs to that stack: another database has another key, another server another Web UI', () => {
    const env = { ...noFile, IPTALLY_HOME: runningHome(), DATABASE_URL: 'postgres://env@db/iptally' };
    expect(readConfig({}, env)).toMatchObject({ masterKeyFile: undefined, namespace: 'of-the-stack' });
    const elsewhere = { ...env, TEMPORAL_ADDRESS: 'temporal.example:7233' };
    expect(readConfig({}, elsewhere)).toMatchObject({ namespace: 'iptally', webUi: undefined });
  });

  test('of a stack whose process is gone counts as absent', () => {
    const config = readConfig({}, { ...noFile, IPTALLY_HOME: runningHome(2 ** 22 + 1) });
    expect(config).toMatchObject({ databaseUrl: undefined, temporalAddress: undefined, namespace: 'iptally' });
  });

  test("is read from Temporal's own configuration file, its API key with it", () => {
    const home = temporaryFolder('config');
    const file = join(home, 'temporal.toml');
    writeFileSync(file, '[profile.default]\naddress = "cloud.example:7233"\nnamespace = "prod"\napi_key = "k"\n');
    const config = readConfig({}, { IPTALLY_HOME: home, TEMPORAL_CONFIG_FILE: file });
    expect(config).toMatchObject({
      temporalAddress: 'cloud.example:7233',
      namespace: 'prod',
      temporalOptions: { apiKey: 'k', tls: true },
    });
  });

  test("of one server is not another's: a flag that names another one gets no key, certificate or header", () => {
    const env = { ...noFile, IPTALLY_HOME: temporaryFolder('config'), TEMPORAL_API_KEY: 'k' };
    const at = { ...env, TEMPORAL_ADDRESS: 'a.example:7233' };
    expect(readConfig({}, at).temporalOptions).toMatchObject({ apiKey: 'k' });
    expect(readConfig({ temporalAddress: 'a.example:7233' }, at).temporalOptions).toMatchObject({ apiKey: 'k' });
    expect(readConfig({ temporalAddress: 'b.example:7233' }, at)).toMatchObject({
      temporalAddress: 'b.example:7233',
      temporalOptions: {},
    });
    // Which server it is for nobody says but the flag.
    expect(readConfig({ temporalAddress: 'b.example:7233' }, env).temporalOptions).toMatchObject({ apiKey: 'k' });
  });

  test('of a broken file is a wrong input that does not quote it', () => {
    const home = temporaryFolder('config');
    const file = join(home, 'temporal.toml');
    writeFileSync(file, 'api_key = "canary-90ab\n');
    const read = () => readConfig({}, { IPTALLY_HOME: home, TEMPORAL_CONFIG_FILE: file });
    expect(read).toThrow(expect.objectContaining({ code: 'temporal-config-invalid', exitStatus: 2 }));
    expect(read).toThrow(expect.not.objectContaining({ message: expect.stringContaining('canary-90ab') }));
  });
});

test.each([
  ['no-database', requireDatabase, 'DATABASE_URL'],
  ['no-temporal', requireTemporal, 'TEMPORAL_ADDRESS'],
  ['no-master-key', requireMasterKey, 'IPTALLY_MASTER_KEY_FILE'],
] as const)('%s ends with 4 and names both ways', (code, require, variable) => {
  const home = temporaryFolder('config');
  const config = readConfig({ home }, noFile);
  expect(() => require(config)).toThrow(
    expect.objectContaining({
      code,
      exitStatus: 4,
      next: expect.stringMatching(new RegExp(`iptally up.*set ${variable}`)),
    }),
  );
});
