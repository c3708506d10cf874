import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

/** Which folder may import which (style.md). Lint sees the patterns; this sees the resolved paths, type imports too. */
const root = join(import.meta.dirname, '..', '..');

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

function importsOf(folder: string): readonly Import[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => {
      const path = join(root, folder, file);
      const found = readFileSync(path, 'utf8').matchAll(
        /^(?:import|export)\s+(type\s)?[^'";]*?from\s+'([^']+)'|^import\s+'([^']+)'/gms,
      );
      return [...found].map(([, type, name, bare]) => {
        const target = name ?? bare ?? '';
        const to = target.startsWith('.') ? relative(root, join(dirname(path), target)) : target;
        return { from: relative(root, path), to, typeOnly: type !== undefined };
      });
    });
}

const adapters = ['coremanager', 'ipmanager', 'ledger', 'servers'];
const adapterOf = (path: string) => adapters.find((name) => path.startsWith(`activities/${name}/`));
const isAdapter = (path: string) =>
  /^activities\/(ledger\/postgres|ipmanager\/http|coremanager|servers\/[a-z0-9-]+)\//.test(path);
const show = (list: readonly Import[]) => list.map(({ from, to }) => `${from} → ${to}`);

describe('imports', () => {
  test('the domain imports only itself and ip-address', () => {
    const bad = importsOf('workflows/domain').filter(
      ({ to }) => to !== 'ip-address' && !to.startsWith('workflows/domain/'),
    );
    expect(show(bad)).toEqual([]);
  });

  test('workflows import themselves, Temporal, zod, and types of activities', () => {
    const fine = ['@temporalio/workflow', '@temporalio/common', 'zod', 'ip-address'];
    const bad = importsOf('workflows').filter(
      ({ to, typeOnly }) =>
        !fine.includes(to) && !to.startsWith('workflows/') && !(typeOnly && to.startsWith('activities/')),
    );
    expect(show(bad)).toEqual([]);
  });

  test('workflows know no server module by name', () => {
    const names = /vdsmanager|vmmanager|proxmox|ispmanager/i;
    const files = readdirSync(join(root, 'workflows'), { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const code = (file: string) =>
      readFileSync(join(root, 'workflows', file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(files.filter((file) => names.test(code(file)))).toEqual([]);
  });

  test('adapters do not import each other, but for the panel protocol both panels speak and ports as types', () => {
    const bad = importsOf('activities').filter(({ from, to, typeOnly }) => {
      const [one, other] = [adapterOf(from), adapterOf(to)];
      return one !== undefined && other !== undefined && one !== other && other !== 'coremanager' && !typeOnly;
    });
    expect(show(bad)).toEqual([]);
  });

  test('clients import no adapter', () => {
    expect(show(importsOf('client').filter(({ to }) => isAdapter(to)))).toEqual([]);
  });

  test('nothing but tests imports a simulator, and worker, which starts them', () => {
    const bad = ['activities', 'workflows', 'client'].flatMap((folder) =>
      importsOf(folder).filter(({ from, to }) => to.includes('/simulator/') && !from.includes('/simulator/')),
    );
    expect(show(bad)).toEqual([]);
  });
});
