import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder of one test's own, in the home of this run: it goes with it, also after a run that was killed. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(process.env['IPTALLY_TEST_HOME'] ?? tmpdir(), `${name}-`));
}
