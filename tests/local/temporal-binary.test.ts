import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { findTemporal } from '../../worker/local/temporal-binary.ts';
import { type Source, SOURCES } from '../../worker/local/temporal-sources.ts';
import { removeHome, temporaryHome } from '../support/servers.ts';

let folder: string;
let env: Record<string, string>;
beforeEach(() => {
  folder = temporaryHome();
  env = { PATH: join(folder, 'bin'), XDG_CACHE_HOME: join(folder, 'cache') };
});
afterEach(() => removeHome(folder));

const version = '1.8.2';
const cached = (): string => join(folder, 'cache', 'iptally', `temporal-${version}`);

/** A program that says it is Temporal in some version. */
function program(path: string, says: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho 'temporal version ${says} (Server 1, UI 2)'\n`);
  chmodSync(path, 0o755);
  return path;
}

/** A source that counts how often it is asked. */
function source(name: string, answer: string | Error): Source & { readonly asked: () => number } {
  let asked = 0;
  return {
    name,
    announce: `asking ${name}`,
    remedy: `mend ${name}`,
    asked: () => asked,
    fetch: ({ into }) => {
      asked += 1;
      return answer instanceof Error
        ? Promise.reject(answer)
        : Promise.resolve(program(join(into, 'x', 'temporal'), answer));
    },
  };
}

describe("Temporal's server is taken", () => {
  test('from PATH at the pinned version, before anything else', async () => {
    program(join(folder, 'bin', 'temporal'), version);
    const never = source('never', version);
    expect(await findTemporal({ env, version, sources: [never] })).toEqual({
      path: join(folder, 'bin', 'temporal'),
      version,
      source: 'PATH',
    });
    expect(never.asked()).toBe(0);
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  test('not from PATH at another version, which is said', async () => {
    program(join(folder, 'bin', 'temporal'), '1.9.1');
    const said: string[] = [];
    const found = await findTemporal({
      env,
      version,
      sources: [source('wheel', version)],
      progress: (text) => said.push(text),
    });
    expect(found).toEqual({ path: join(cached(), 'temporal'), version, source: 'wheel' });
    expect(said.join('\n')).toContain(`${join(folder, 'bin', 'temporal')} is version 1.9.1, needed is 1.8.2`);
  });

  test('from the cache once it is there, also by another clone', async () => {
    const wheel = source('wheel', version);
    await findTemporal({ env, version, sources: [wheel] });
    expect(await findTemporal({ env, version, sources: [wheel] })).toMatchObject({ source: 'cache (wheel)' });
    expect(wheel.asked()).toBe(1);
  });

  test('anew when the copy in the cache is not what was put there', async () => {
    const wheel = source('wheel', version);
    await findTemporal({ env, version, sources: [wheel] });
    program(join(cached(), 'temporal'), `${version} changed`);
    await findTemporal({ env, version, sources: [wheel] });
    expect(wheel.asked()).toBe(2);
    expect(readFileSync(join(cached(), 'temporal'), 'utf8')).not.toContain('changed');
  });

  test('from the first source that has it, in their order', async () => {
    const sources = [source('official', new Error('ENOTFOUND')), source('wheel', version), source('go', version)];
    expect(await findTemporal({ env, version, sources })).toMatchObject({ source: 'wheel' });
    expect(sources.map(({ asked }) => asked())).toEqual([1, 1, 0]);
  });

  test('not from a source that hands out another version', async () => {
    const sources = [source('official', '1.9.1'), source('wheel', version)];
    expect(await findTemporal({ env, version, sources })).toMatchObject({ source: 'wheel' });
  });

  test('once, by several that ask at the same time', async () => {
    const wheel = source('wheel', version);
    const found = await Promise.all(Array.from({ length: 4 }, () => findTemporal({ env, version, sources: [wheel] })));
    expect(new Set(found.map(({ path }) => path)).size).toBe(1);
    expect(wheel.asked()).toBe(1);
    expect(readdirSync(join(cached(), '..'))).toEqual([`temporal-${version}`]);
  });
});

test('where nothing works, one error names each way, why it failed and what to do', async () => {
  const sources = [source('official', new Error('ENOTFOUND')), source('wheel', new Error('not installed'))];
  await expect(findTemporal({ env, version, sources })).rejects.toMatchObject({
    code: 'temporal-not-found',
    exitStatus: 4,
    message: expect.stringMatching(
      /PATH: none there; cache: nothing there yet.*; official: ENOTFOUND; wheel: not installed\.$/,
    ),
    next: expect.stringMatching(/put temporal 1\.8\.2 on PATH; mend official; mend wheel; or set TEMPORAL_ADDRESS/),
  });
  expect(readdirSync(join(cached(), '..'))).toEqual([]);
});

test('the ways are tried from the maker’s own to the slow one', () => {
  expect(SOURCES.map(({ name }) => name)).toEqual(['official download', 'Python wheel', 'Go build']);
});
