import { describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { readSecrets, type SecretFlags } from '../../client/cli/passwords.ts';
import { fileWith } from './support/cli.ts';

const user = { password: 'Password of billing' };
const both = { ...user, admin: 'Password of admin', adminLogin: true };

/** Standard input with this text and no terminal anywhere. */
function streams(stdin = '', env: Readonly<Record<string, string>> = {}) {
  return { stdin: Readable.from([stdin]), stdout: {}, env };
}

describe('a password comes', () => {
  test.each<[string, SecretFlags, ReturnType<typeof streams>, string]>([
    ['from the first line of stdin', { passwordStdin: true }, streams('one\ntwo\n'), 'one'],
    ['from stdin without a line end', { passwordStdin: true }, streams('one'), 'one'],
    ['from stdin as Windows writes it', { passwordStdin: true }, streams('one\r\n'), 'one'],
    ['with its spaces', { passwordStdin: true }, streams(' one \n'), ' one '],
    ['from a file, one line end stripped', { passwordFile: fileWith('one\n\n') }, streams(), 'one\n'],
    ['from a token file', { tokenFile: fileWith('one') }, streams(), 'one'],
    ['from the environment', {}, streams('', { IPTALLY_PASSWORD: 'one' }), 'one'],
    ['from stdin first', { passwordStdin: true }, streams('one\n', { IPTALLY_PASSWORD: 'other' }), 'one'],
  ])('%s', async (_how, flags, from, password) => {
    expect(await readSecrets(flags, user, from)).toEqual({ password, adminPassword: undefined });
  });

  test("with an administrator login, the second line is the administrator's", async () => {
    const from = streams('one\ntwo\n');
    expect(await readSecrets({ passwordStdin: true }, both, from)).toEqual({ password: 'one', adminPassword: 'two' });
  });

  test('each from its own way', async () => {
    const flags = { passwordFile: fileWith('one\n'), adminPasswordFile: fileWith('two\n') };
    expect(await readSecrets(flags, both, streams())).toEqual({ password: 'one', adminPassword: 'two' });
    const env = streams('', { IPTALLY_PASSWORD: 'one', IPTALLY_ADMIN_PASSWORD: 'two' });
    expect(await readSecrets({}, both, env)).toEqual({ password: 'one', adminPassword: 'two' });
  });
});

describe('no terminal and no password', () => {
  test('is a refusal that names the ways, exit status 2', async () => {
    await expect(readSecrets({}, user, streams())).rejects.toMatchObject({
      code: 'password-missing',
      exitStatus: 2,
      accepted: '--password-stdin (its first line), --password-file FILE, or IPTALLY_PASSWORD',
    });
  });

  test('an empty line is none', async () => {
    const empty = readSecrets({ passwordStdin: true }, user, streams('\n'));
    await expect(empty).rejects.toMatchObject({ code: 'password-missing' });
  });

  test("the administrator's is missed by its own name", async () => {
    const half = readSecrets({ passwordStdin: true }, both, streams('one\n'));
    await expect(half).rejects.toMatchObject({ field: 'adminPassword', exitStatus: 2 });
  });

  test('a file that is not there is named', async () => {
    const gone = readSecrets({ passwordFile: '/nonexistent/secret' }, user, streams());
    await expect(gone).rejects.toMatchObject({ value: '/nonexistent/secret', exitStatus: 2 });
  });

  test('where none is needed, none is missed', async () => {
    expect(await readSecrets({}, {}, streams())).toEqual({ password: undefined, adminPassword: undefined });
  });
});
