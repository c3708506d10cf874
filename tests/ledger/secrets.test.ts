import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SecretError, secretBoxOf } from '../../activities/ledger/secrets.ts';

const folder = mkdtempSync(join(tmpdir(), 'iptally-secrets-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
function keyFile(content: string | Buffer, mode = 0o600): string {
  count += 1;
  const file = join(folder, `key-${count}`);
  writeFileSync(file, content, { mode });
  chmodSync(file, mode);
  return file;
}

const bytes = (fill: number): Buffer => Buffer.alloc(32, fill);
const place = 'integration/panel/password';

describe('a sealed secret', () => {
  const box = secretBoxOf(keyFile(bytes(1).toString('base64')));

  test('opens at its place, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (secret, where) => {
        const sealed = box.seal(where, secret);
        expect(sealed).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{16}\.[\w-]*\.[\w-]{22}$/);
        expect(box.open(where, sealed)).toBe(secret);
      }),
      { numRuns: 200 },
    );
  });

  test('is another text each time', () => {
    expect(box.seal(place, 'same')).not.toBe(box.seal(place, 'same'));
  });

  test('does not open at another place', () => {
    const sealed = box.seal(place, 'canary');
    for (const other of ['integration/panel/admin-password', 'integration/other/password', 'server/panel/secret', '']) {
      expect(() => box.open(other, sealed)).toThrow(SecretError);
    }
  });

  test('does not open when anything of it was changed, cut or added', () => {
    const sealed = box.seal(place, 'canary-1a2b');
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom(...Array.from('AZaz09._-')), (at, letter) => {
        fc.pre(sealed[at] !== letter);
        const changed = sealed.slice(0, at) + letter + sealed.slice(at + 1);
        // The last letter of a part carries bits that decode to nothing; such a text is the same secret.
        const decodesAlike = changed.split('.').every((part, index) => {
          const before = sealed.split('.')[index] ?? '';
          return index < 2 ? part === before : Buffer.from(part, 'base64url').equals(Buffer.from(before, 'base64url'));
        });
        if (decodesAlike && changed.split('.').length === 5) expect(box.open(place, changed)).toBe('canary-1a2b');
        else expect(() => box.open(place, changed)).toThrow(SecretError);
      }),
      { numRuns: 300 },
    );
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(place, sealed.slice(0, length))).toThrow(SecretError);
    }
    expect(() => box.open(place, `${sealed}.x`)).toThrow(SecretError);
    expect(() => box.open(place, sealed.replace(/\.[\w-]+$/, '.AAAA'))).toThrow(SecretError);
  });

  test('that does not open says where, why and what to do, and shows nothing of it', () => {
    const sealed = box.seal(place, 'canary-1a2b');
    const stranger = secretBoxOf(keyFile(bytes(2).toString('base64')));
    for (const [opening, code, words] of [
      [
        () => stranger.open(place, sealed),
        'secret-not-opened',
        /sealed with the master key [0-9a-f]{8}, which is not in/,
      ],
      [() => box.open('server/x/secret', sealed), 'secret-not-opened', /cut or changed, or it belongs to another row/],
      [() => box.open(place, 'canary-1a2b'), 'secret-not-opened', /not a sealed secret/],
      [() => box.open(place, 'v1.<canary-1a2b>.a.b.c'), 'secret-not-opened', /\(unreadable\)/],
    ] as const) {
      const error = caught(opening);
      expect(error.failure).toMatchObject({ code, next: expect.stringContaining('master key file') });
      expect(error.message).toMatch(words);
      expect(`${error.stack} ${JSON.stringify(error.failure)}`).not.toContain('canary');
      expect(error.cause).toBeUndefined();
    }
  });
});

describe('a master key file', () => {
  const sealed = secretBoxOf(keyFile(bytes(9).toString('base64'))).seal(place, 'canary');

  test.each([
    ['base64', bytes(9).toString('base64')],
    ['base64 with a line end', `${bytes(9).toString('base64')}\r\n`],
    ['base64url without padding', bytes(9).toString('base64url')],
    ['hex', bytes(9).toString('hex')],
    ['hex in capitals', bytes(9).toString('hex').toUpperCase()],
    ['raw bytes', bytes(9)],
    ['with a comment', `# made in 2026\n\n${bytes(9).toString('hex')}\n`],
  ])('may be %s', (_, content) => {
    expect(secretBoxOf(keyFile(content)).open(place, sealed)).toBe('canary');
  });

  test('with several keys seals with the first and opens with each: a key can be changed', () => {
    const rotated = secretBoxOf(keyFile(`${bytes(8).toString('base64')}\n${bytes(9).toString('hex')}\n`));
    expect(rotated.open(place, sealed)).toBe('canary');
    const anew = rotated.seal(place, 'canary');
    expect(secretBoxOf(keyFile(bytes(8))).open(place, anew)).toBe('canary');
    expect(() => secretBoxOf(keyFile(bytes(9))).open(place, anew)).toThrow(SecretError);
  });

  test.each([
    ['empty', '', 'is empty'],
    ['too short', Buffer.alloc(31, 1).toString('base64'), 'has no key of 32 bytes on its line 1'],
    ['too long', Buffer.alloc(33, 1).toString('base64'), 'has no key of 32 bytes on its line 1'],
    ['a bad second line', `${bytes(1).toString('hex')}\ncanary-1a2b`, 'has no key of 32 bytes on its line 2'],
    ['33 raw bytes', Buffer.alloc(33, 200), 'has no key of 32 bytes on its line 1'],
  ])('that is %s is refused, and nothing of it is shown', (_, content, words) => {
    const file = keyFile(content);
    const error = caught(() => secretBoxOf(file));
    expect(error.failure).toMatchObject({ code: 'master-key-unusable', value: file, field: 'IPTALLY_MASTER_KEY_FILE' });
    expect(error.message).toBe(`The master key file ${file} ${words}.`);
    expect(JSON.stringify(error.failure)).not.toContain('canary');
  });

  test('that is missing is refused with the reason', () => {
    const file = join(folder, 'nowhere');
    expect(caught(() => secretBoxOf(file)).message).toBe(`The master key file ${file} cannot be read (ENOENT).`);
  });

  test.each([
    [0o600, 0],
    [0o400, 0],
    [0o640, 1],
    [0o604, 1],
  ])('of mode %o warns %d times', (mode, times) => {
    const warnings: string[] = [];
    secretBoxOf(keyFile(bytes(1), mode), (text) => warnings.push(text));
    expect(warnings).toHaveLength(times);
    if (times > 0) expect(warnings[0]).toContain('chmod 600');
  });
});

function caught(work: () => unknown): SecretError {
  try {
    work();
  } catch (error) {
    if (error instanceof SecretError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
