import { expect, test } from '@jest/globals';
import { parseDatabaseUrl } from '../../worker/database-url.ts';

test.each([
  ['postgres://app:secret@db:5432/iptally', { host: 'db:5432', database: 'iptally', user: 'app', password: 'secret' }],
  [
    'postgresql://app:a%2Fb%23c%25d%40@[2001:db8::1]/ipt%20ally?sslmode=require',
    { host: '[2001:db8::1]', database: 'ipt ally', user: 'app', password: 'a/b#c%d@' },
  ],
  ['postgres://app@db/iptally', { host: 'db', database: 'iptally', user: 'app', password: undefined }],
])('%s is read', (url, place) => {
  expect(parseDatabaseUrl('DATABASE_URL', url)).toEqual(place);
});

test.each([
  ['a / in the password', 'postgres://app:canary/51@db/iptally'],
  ['a / after digits, which reads as a port', 'postgres://app:51/canary@db/iptally'],
  ['a # in the password', 'postgres://app:canary#51@db/iptally'],
  ['a # after digits', 'postgres://app:51#canary@db/iptally'],
  ['a ? after digits', 'postgres://app:51?canary@db/iptally'],
  ['a lone % in the password', 'postgres://app:canary%@db/iptally'],
  ['no scheme', 'db.example/canary'],
  ['another database', 'mysql://app:canary@db/iptally'],
  ['no database', 'postgres://app:canary@db'],
])('%s is refused in words that do not show it', (_what, url) => {
  const read = () => parseDatabaseUrl('DATABASE_URL', url);
  expect(read).toThrow(
    expect.objectContaining({
      code: 'invalid-database-url',
      field: 'DATABASE_URL',
      exitStatus: 2,
      value: undefined,
      next: expect.stringContaining('percent-encode'),
      message: expect.not.stringContaining('canary'),
    }),
  );
});
