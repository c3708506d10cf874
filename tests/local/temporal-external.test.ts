import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { externalTemporal, withoutTemporal } from '../../worker/local/temporal-external.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = temporaryHome();
  file = join(folder, 'temporal.toml');
});
afterEach(() => removeHome(folder));

test('without any setting a local server is started', () => {
  expect(externalTemporal({ HOME: folder })).toBeUndefined();
  expect(externalTemporal({ HOME: folder, TEMPORAL_ADDRESS: '' })).toBeUndefined();
});

test('TEMPORAL_ADDRESS names one that runs elsewhere', () => {
  expect(externalTemporal({ HOME: folder, TEMPORAL_ADDRESS: 'a.example:7233', TEMPORAL_NAMESPACE: 'n' })).toEqual({
    address: 'a.example:7233',
    namespace: 'n',
  });
});

test('so does Temporal’s own configuration file', () => {
  writeFileSync(file, '[profile.default]\naddress = "b.example:7233"\n');
  expect(externalTemporal({ HOME: folder, TEMPORAL_CONFIG_FILE: file })).toEqual({
    address: 'b.example:7233',
    namespace: 'iptally',
  });
});

test('a file that cannot be read as such is refused, without a word of its content (I11)', () => {
  writeFileSync(file, 'api_key = "sesame');
  const refused = (): unknown => externalTemporal({ HOME: folder, TEMPORAL_CONFIG_FILE: file });
  expect(refused).toThrow(expect.objectContaining({ code: 'temporal-config-invalid', value: file }));
  expect(refused).toThrow(expect.objectContaining({ message: expect.not.stringContaining('sesame') }));
});

test('a process that must use the local server gets nothing of another one’s settings', () => {
  expect(withoutTemporal({ A: 'b', TEMPORAL_API_KEY: 'k', TEMPORAL_TLS: 'true', TEMPORAL_PROFILE: 'p' })).toEqual({
    A: 'b',
    TEMPORAL_CONFIG_FILE: '/dev/null',
  });
});
