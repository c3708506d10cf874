import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { demoWorld } from '../../activities/ipmanager/simulator/demo-world.ts';
import { startIpManagerSimulator, type IpManagerSimulator } from '../../activities/ipmanager/simulator/start.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { readmeBlocks } from '../support/readme.ts';
import { fileWith, iptally, ledgerEnv } from './support/cli.ts';

/** The README's way in, as far as it needs the ledger and the panel alone, on the simulated IPmanager of `up --no-demo`. */
let database: TestDatabase;
let panel: IpManagerSimulator;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createDatabase();
  panel = await startIpManagerSimulator({ world: demoWorld({ billing: 'b', admin: 'a', dummy: 'd' }) });
  env = {
    ...ledgerEnv(database),
    IPTALLY_PASSWORD: 'b',
  };
  await iptally(['migrate'], { env });
}, 120_000);

afterAll(async () => {
  await panel.close();
  await database.drop();
});

test('the first two steps of day one in the README work as they stand there', async () => {
  const heading = '## Day one';
  const [connect = '', imports = ''] = readmeBlocks('sh', heading);
  const file = fileWith(readmeBlocks('csv', heading)[0] ?? '');
  const given = { 'https://ipm.example.net/ipmgr': `${panel.url} --allow-plain-http`, 'services.csv': file };
  const ends: Record<string, unknown> = {};
  for (const line of `${connect}${imports}`.trim().split('\n')) {
    const [command = ''] = line.split('#');
    const filled = Object.entries(given).reduce((text, [name, value]) => text.replace(name, value), command);
    const ran = await iptally(filled.trim().split(/\s+/).slice(2), { env });
    ends[command.trim()] = ran.status === 0 ? 'done' : `${ran.stdout}${ran.stderr}`;
  }
  expect(Object.values(ends)).toHaveLength(7);
  expect(ends).toEqual(Object.fromEntries(Object.keys(ends).map((command) => [command, 'done'])));
  const { json } = await iptally(['address', 'list', '--json'], { env });
  expect(json).toMatchObject({
    addresses: expect.arrayContaining(
      ['203.0.113.9', '2001:db8:100::9', '198.51.100.7'].map((ip) => expect.objectContaining({ ip, state: 'active' })),
    ),
  });
});
