import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { homePath, masterKeyFile, openHome, PROJECT } from '../../worker/local/home.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let folder: string;
beforeEach(() => {
  folder = temporaryHome();
});
afterEach(() => removeHome(folder));

test('a home is where IPTALLY_HOME says, else beside package.json', () => {
  expect(homePath({ IPTALLY_HOME: '/some/where' })).toBe('/some/where');
  expect(homePath({ IPTALLY_HOME: '' })).toBe(join(PROJECT, '.iptally'));
  expect(homePath({})).toBe(join(PROJECT, '.iptally'));
});

test('it is made with its parents, and a folder that was there keeps its rights', () => {
  openHome(join(folder, 'a', 'b'));
  const closed = join(folder, 'closed');
  mkdirSync(closed, { mode: 0o700 });
  openHome(closed);
  expect(statSync(closed).mode & 0o777).toBe(0o700);
});

test('a place that cannot be a home is refused with what to do', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expect(() => openHome(file)).toThrow(
    expect.objectContaining({ code: 'home-not-usable', field: 'IPTALLY_HOME', value: file, exitStatus: 4 }),
  );
});

test('the master key is made once, for its owner alone (I11)', () => {
  const home = openHome(folder);
  const key = readFileSync(masterKeyFile(home, {}), 'utf8');
  expect(Buffer.from(key, 'base64')).toHaveLength(32);
  expect(statSync(home.masterKey).mode & 0o777).toBe(0o600);
  expect(readFileSync(masterKeyFile(openHome(folder), {}), 'utf8')).toBe(key);
});
