import { describe, expect, test } from '@jest/globals';
import { service } from '../support/orders.ts';
import { testServers } from '../support/servers.ts';
import { openDesk } from '../workflows/support/desk.ts';
import { pythonHas, runPython } from './support/python.ts';

/** The same contract from another SDK. Needs Python with `temporalio`; without it these tests are skipped and say so. */
const there = pythonHas('temporalio.client', 'temporalio');
const engine = there ? await openDesk() : undefined;
const suite = there ? describe : describe.skip;

function run(input: unknown) {
  const { temporalAddress } = testServers();
  const namespace = engine?.client.options.namespace ?? '';
  const args = [temporalAddress, namespace, engine?.taskQueue ?? '', JSON.stringify(input)];
  return runPython<Readonly<Record<string, unknown>>>('order_service.py', args);
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
