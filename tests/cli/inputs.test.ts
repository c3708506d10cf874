import { describe, expect, test } from '@jest/globals';
import { integrationFields } from '../../client/inputs/integration.ts';
import { serverFields } from '../../client/inputs/server.ts';
import { changedTariff, tariffFields } from '../../client/inputs/tariff.ts';
import { modules } from '../../worker/compose.ts';

const url = 'https://panel.example.com:1500/ipmgr';
const integration = { name: 'main', url: 'https://192.0.2.5:1500/ipmgr', login: 'billing' };

describe('an integration', () => {
  test('has the defaults of a user login', async () => {
    expect(await integrationFields(integration, true)).toMatchObject({
      policy: 'all',
      adminLogin: null,
      coolDownMs: 0,
      quarantineMs: 86_400_000,
      requestTimeoutMs: 90_000,
      fenceMs: 180_000,
      maxAttempts: 6,
      maxConflicts: 10,
      onConflict: 'mark',
      timeZone: new Intl.DateTimeFormat().resolvedOptions().timeZone,
    });
  });

  test('with an administrator login releases only what is ours, unless told otherwise', async () => {
    expect((await integrationFields({ ...integration, adminLogin: 'admin' }, true)).policy).toBe('owned');
    expect((await integrationFields({ ...integration, adminLogin: 'admin', policy: 'all' }, true)).policy).toBe('all');
  });

  test('has thresholds of its sync one by one; what is not said stays', async () => {
    expect(await integrationFields({ ...integration, askRows: 0, askPercent: 0.5 }, true)).toMatchObject({
      thresholds: { askRows: 0, askPercent: 0.5, shrinkRows: 10, shrinkPercent: 5 },
    });
    expect((await integrationFields(integration, true)).thresholds).toBeUndefined();
  });

  test('has a fence that follows the request timeout', async () => {
    expect(await integrationFields({ ...integration, requestTimeout: '2s' }, true)).toMatchObject({ fenceMs: 4_000 });
  });

  test.each([
    ['HTTPS://192.0.2.5:443/ipmgr/', 'https://192.0.2.5/ipmgr'],
    ['https://[2001:DB8::1]:1500/ipmgr', 'https://[2001:db8::1]:1500/ipmgr'],
  ])('is one panel however its URL is written: %s', async (text, canonical) => {
    expect((await integrationFields({ ...integration, url: text }, true)).url).toBe(canonical);
  });

  test.each([
    ['name', { name: 'Main' }],
    ['name', { name: 'a'.repeat(64) }],
    ['login', { login: 'two words' }],
    ['login', { login: '' }],
    ['policy', { policy: 'none' }],
    ['timeZone', { timeZone: 'Europe/Atlantis' }],
    ['timeZone', { timeZone: '+02:00' }],
    ['ignoredGroups.0', { ignoredGroups: ['a b'] }],
    ['coolDown', { coolDown: '5 minutes' }],
    ['coolDown', { coolDown: '-1s' }],
    ['quarantine', { quarantine: '400d' }],
    ['requestTimeout', { requestTimeout: '0' }],
    ['requestTimeout', { requestTimeout: '1h' }],
    ['fence', { fence: '1s' }],
    ['fence', { fence: '179s' }],
    ['maxAttempts', { maxAttempts: 0 }],
    ['confirmSightings', { confirmSightings: 0 }],
    ['releaseLimit', { releaseLimit: -1 }],
    ['askPercent', { askPercent: 101 }],
    ['shrinkRows', { shrinkRows: 1.5 }],
    ['maxAttempts', { maxAttempts: 'six' }],
    ['maxAttempts', { maxAttempts: 1.5 }],
    ['maxConflicts', { maxConflicts: 100_000 }],
    ['onConflict', { onConflict: 'ask' }],
    ['pin', { pin: 'AA:BB' }],
    ['ca', { ca: 'not a certificate' }],
    ['dialect.format', { dialect: { format: 'yaml' } }],
  ])('refuses a wrong %s: %j', async (field, wrong) => {
    const made = integrationFields({ ...integration, ...wrong }, true);
    await expect(made).rejects.toMatchObject({ code: 'invalid-input', field, exitStatus: 2 });
  });

  test.each([
    ['colour', { colour: 'red' }],
    ['dialect.colour', { dialect: { colour: 'red' } }],
  ])('refuses an unknown field by its name: %s', async (field, more) => {
    const made = integrationFields({ ...integration, ...more }, true);
    await expect(made).rejects.toMatchObject({ code: 'unknown-field', field, exitStatus: 2 });
  });

  test.each([
    ['panel.example.com', 'invalid-url'],
    ['ftp://panel.example.com', 'invalid-url'],
    [`${url}?func=auth`, 'invalid-url'],
    ['http://panel.example.com/ipmgr', 'plain-http-not-allowed'],
    ['http://127.0.0.1:1500/ipmgr', 'plain-http-not-allowed'],
    ['https://169.254.169.254/ipmgr', 'url-not-allowed'],
    ['https://2852039166/ipmgr', 'url-not-allowed'],
    ['https://[fe80::1]/ipmgr', 'url-not-allowed'],
    ['https://[::ffff:169.254.1.1]/ipmgr', 'url-not-allowed'],
    ['https://224.0.0.1/ipmgr', 'url-not-allowed'],
    ['https://0.0.0.0/ipmgr', 'url-not-allowed'],
  ])('refuses the URL %s', async (wrong, code) => {
    const made = integrationFields({ ...integration, url: wrong }, true);
    await expect(made).rejects.toMatchObject({ code, exitStatus: 2 });
  });

  test('never repeats a password that stands in a URL', async () => {
    const made = integrationFields({ ...integration, url: 'https://billing:canary-51c0@panel.example.com' }, true);
    const error: unknown = await made.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'url-has-credentials', exitStatus: 2 });
    expect(JSON.stringify(error) + String(error)).not.toContain('canary-51c0');
  });

  test('reaches private places only where that is allowed', async () => {
    const inside = { ...integration, url: 'https://10.0.0.5/ipmgr' };
    expect((await integrationFields(inside, true)).url).toBe(inside.url);
    await expect(integrationFields(inside, false)).rejects.toMatchObject({ code: 'url-not-allowed' });
  });
});

describe('a server', () => {
  const make = (input: object) => serverFields({ name: 's1', ...input }, modules(), true);

  test('of module external needs nothing but its name', async () => {
    expect(await make({ module: 'external' })).toMatchObject({
      url: null,
      login: null,
      integration: null,
      settings: {},
    });
  });

  test.each([
    ['module', { module: 'plesk' }],
    ['module', { module: 7 }],
    ['url', { module: 'ispmanager-business' }],
    ['login', { module: 'ispmanager-business', url: 'https://192.0.2.6' }],
    ['url', { module: 'ispmanager-lite', login: 'root' }],
    ['integration', { module: 'external', integration: 'No Such' }],
    ['name', { name: '-', module: 'external' }],
  ])('refuses a wrong %s: %j', async (field, wrong) => {
    await expect(make(wrong)).rejects.toMatchObject({ code: 'invalid-input', field, exitStatus: 2 });
  });

  test('refuses a setting its module does not have', async () => {
    const web = { module: 'ispmanager-business', url: 'https://192.0.2.6', login: 'root' };
    await expect(make({ ...web, settings: { colour: 'red' } })).rejects.toMatchObject({
      field: 'colour',
      exitStatus: 2,
    });
    expect((await make({ ...web, settings: { preset: 'start' } })).settings).toEqual({ preset: 'start' });
  });
});

describe('a tariff', () => {
  test.each([
    [{}, { dedicated: true, ipv4: 1, ipv6: 0 }],
    [{ ipv6: 1 }, { dedicated: true, ipv4: 0, ipv6: 1 }],
    [
      { ipv4: 16, ipv6: 16 },
      { dedicated: true, ipv4: 16, ipv6: 16 },
    ],
    [{ dedicated: false }, { dedicated: false, ipv4: 0, ipv6: 0 }],
  ])('%j gives %j', (input, fields) => {
    expect(tariffFields({ name: 't1', ...input })).toEqual({ ...fields, group: null });
  });

  test.each([
    ['ipv4', { ipv4: 0 }],
    ['ipv4', { ipv4: 10_000 }],
    ['ipv4', { ipv4: '1' }],
    ['ipv6', { ipv4: 1, ipv6: 32 }],
    ['ipv6', { ipv6: -1 }],
    ['dedicated', { dedicated: false, ipv4: 1 }],
    ['group', { group: 'two words' }],
    ['name', { name: 'T' }],
  ])('refuses a wrong %s: %j', (field, wrong) => {
    expect(() => tariffFields({ name: 't1', ...wrong })).toThrow(
      expect.objectContaining({ code: 'invalid-input', field, exitStatus: 2 }),
    );
  });

  test('keeps what an edit does not name, and drops counts that mean nothing any more', () => {
    const before = { dedicated: true, ipv4: 2, ipv6: 1, group: 'public' };
    expect(changedTariff(before, { ipv4: 3 })).toEqual({ ...before, ipv4: 3 });
    expect(changedTariff(before, { group: null })).toEqual({ ...before, group: null });
    expect(changedTariff(before, { dedicated: false })).toEqual({ ...before, dedicated: false, ipv4: 0, ipv6: 0 });
  });
});
