import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Clients in Python; `IPTALLY_PYTHON` names one that has their packages, for example of a virtual environment. */
const python = process.env['IPTALLY_PYTHON'] ?? 'python3';

/** Whether it has these modules; where not, says so, as the tests that need them are then skipped. */
export function pythonHas(modules: string, install: string): boolean {
  try {
    execFileSync(python, ['-c', `import ${modules}`], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write(
      `skipped: ${python} cannot import ${modules} (pip install ${install}, or set IPTALLY_PYTHON)\n`,
    );
    return false;
  }
}

/** The document a script of clients/ prints. */
export async function runPython<Answer>(script: string, args: readonly string[]): Promise<Answer> {
  const path = join(import.meta.dirname, '..', 'clients', script);
  const { stdout } = await promisify(execFile)(python, [path, ...args], { timeout: 40_000 });
  return JSON.parse(stdout) as Answer;
}
