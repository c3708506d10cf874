import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { service } from '../support/orders.ts';
import { testServers } from '../support/servers.ts';
import { openDesk } from '../workflows/support/desk.ts';

/**
 * The same contract from another SDK. Needs Python with `temporalio` (pip install temporalio); IPTALLY_PYTHON names one
 * that has it, for example of a virtual environment. Without it these tests are skipped and say so.
 */
const python = process.env['IPTALLY_PYTHON'] ?? 'python3';
const script = join(import.meta.dirname, 'clients', 'order_service.py');

function hasTemporal(): boolean {
  try {
    execFileSync(python, ['-c', 'import temporalio.client'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write(
      `skipped: ${python} cannot import temporalio (pip install temporalio, or set IPTALLY_PYTHON)\n`,
    );
    return false;
  }
}

const there = hasTemporal();
const engine = there ? await openDesk() : undefined;
const suite = there ? describe : describe.skip;

async function run(input: unknown): Promise<Readonly<Record<string, unknown>>> {
  const { temporalAddress } = testServers();
  const namespace = engine?.client.options.namespace ?? '';
  const args = [script, temporalAddress, namespace, engine?.taskQueue ?? '', JSON.stringify(input)];
  const { stdout } = await promisify(execFile)(python, args, { timeout: 40_000 });
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

suite('the Python SDK', () => {
  test('orders a service, reports its set-up and reads the result', async () => {
    const seen = await run(service('py-1'));
    expect(seen['answer']).toMatchObject({ service: 'py-1', outcome: 'allocated', addresses: [{ state: 'reserved' }] });
    expect(seen['standing']).toMatchObject({ state: 'active' });
    expect(seen['result']).toMatchObject({ outcome: 'allocated', addresses: [{ state: 'active' }] });
  });

  test('is told of a wrong field by a typed failure that it can read', async () => {
    const seen = await run(service('py-2', { domain: 'under_score.example.com' }));
    expect(seen).toMatchObject({ type: 'invalid-input', failure: { code: 'invalid-input', field: 'service.domain' } });
  });
});
