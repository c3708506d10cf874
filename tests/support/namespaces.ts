import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Namespaces that the tests' server starts with: a new one is usable at once there, and takes seconds later on. */
export const suiteNamespaces = Array.from({ length: 150 }, (_none, n) => `suite-${n}`);

/**
 * A namespace nobody else has: workflow ids name services and addresses, and the suites use the same ones. Suites run in
 * several processes, so a folder in the home of this run is the claim.
 */
export function takeNamespace(): string {
  const home = process.env['IPTALLY_TEST_HOME'];
  if (home === undefined) throw new Error('IPTALLY_TEST_HOME is not set: run this suite by "npm test"');
  mkdirSync(join(home, 'namespaces'), { recursive: true });
  const name = suiteNamespaces.find((one) => claimed(join(home, 'namespaces', one)));
  if (name === undefined) throw new Error(`all ${suiteNamespaces.length} namespaces are taken: raise their number`);
  return name;
}

function claimed(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
