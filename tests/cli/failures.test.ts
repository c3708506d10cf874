import { describe, expect, test } from '@jest/globals';
import {
  ActivityFailure,
  ApplicationFailure,
  CancelledFailure,
  ServiceError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import { asShown } from '../../client/cli/errors.ts';
import { exitStatusOf } from '../../client/exit-status.ts';
import { asIptallyError } from '../../client/failures.ts';
import { LedgerUnavailable } from '../../activities/ledger/ledger.ts';
import { RemoteError } from '../../activities/ipmanager/ip-manager.ts';

const place = { address: '127.0.0.1:7233', namespace: 'iptally', workflowId: 'provision/a-1' };
const failure = { code: 'order-differs', message: 'another domain', next: 'send it as it was', field: 'domain' };
const carried = ApplicationFailure.create({ message: failure.message, type: failure.code, details: [failure] });

describe('what a workflow failed with', () => {
  test.each([
    ['an update', new WorkflowUpdateFailedError('failed', carried)],
    ['a run', new WorkflowFailedError('failed', carried, 'NON_RETRYABLE_FAILURE')],
    [
      'an activity inside',
      new WorkflowFailedError(
        'failed',
        new ActivityFailure('failed', 'setUp', '1', 'NON_RETRYABLE_FAILURE', 'worker', carried),
        'NON_RETRYABLE_FAILURE',
      ),
    ],
  ])('is the failure it carries: %s', (_what, error) => {
    const shown = asIptallyError(error, place);
    expect(shown.failure).toEqual(failure);
    expect(shown.exitStatus).toBe(3);
  });

  test('without one of ours keeps its type and its words', () => {
    const foreign = ApplicationFailure.create({ message: 'odd', type: 'Odd' });
    expect(asIptallyError(new WorkflowUpdateFailedError('failed', foreign), place)).toMatchObject({
      code: 'Odd',
      message: 'odd',
      exitStatus: 1,
    });
  });

  test('a cancelled run says so', () => {
    const error = new WorkflowFailedError('failed', new CancelledFailure('cancelled'), 'NON_RETRYABLE_FAILURE');
    expect(asIptallyError(error, place)).toMatchObject({ code: 'cancelled', exitStatus: 1 });
  });

  test('one that is not there is not running', () => {
    expect(asIptallyError(new WorkflowNotFoundError('gone', 'provision/a-1', undefined), place).code).toBe(
      'not-running',
    );
  });
});

describe('what Temporal failed with', () => {
  const grpc = (code: number) =>
    new ServiceError('failed', {
      cause: Object.assign(new Error('canary'), { code, details: 'canary', metadata: {} }),
    });

  test.each([
    [14, 'temporal-unreachable'],
    [4, 'temporal-unreachable'],
    [16, 'temporal-denied'],
    [7, 'temporal-denied'],
    [5, 'no-such-namespace'],
  ])('gRPC status %i is %s, out of reach', (code, ours) => {
    const shown = asIptallyError(grpc(code), place);
    expect(shown).toMatchObject({ code: ours, exitStatus: 4 });
    expect(JSON.stringify(shown.failure)).not.toContain('canary');
  });

  test('anything else is an error of Temporal, exit status 1', () => {
    expect(asIptallyError(grpc(13), place)).toMatchObject({ code: 'temporal-failed', exitStatus: 1 });
  });
});

describe('what a command shows', () => {
  test('of the ledger that does not answer: exit status 4', () => {
    expect(asShown(new LedgerUnavailable('ECONNREFUSED'))).toMatchObject({ code: 'ledger-unreachable', exitStatus: 4 });
  });

  test('of a database without a ledger: the step to take', () => {
    const shown = asShown(new LedgerUnavailable('not-migrated'));
    expect(shown).toMatchObject({
      code: 'ledger-not-migrated',
      exitStatus: 4,
      next: expect.stringContaining('iptally migrate'),
    });
  });

  test('of a panel: its failure', () => {
    const panel = { code: 'panel-unreachable', message: 'no answer', next: 'look' };
    expect(asShown(new RemoteError(panel, { retryable: true }))).toMatchObject({ ...panel, exitStatus: 4 });
  });

  test('of an error nobody expected: never its text', () => {
    const shown = asShown(new TypeError('canary-11aa in a row'));
    expect(shown).toMatchObject({ code: 'internal-error', exitStatus: 1 });
    expect(JSON.stringify(shown.failure)).not.toContain('canary');
  });
});

test.each([
  ['usage', 2],
  ['invalid-input', 2],
  ['unknown-field', 2],
  ['workflow-id-mismatch', 2],
  ['url-not-allowed', 2],
  ['order-differs', 3],
  ['service-removing', 3],
  ['address-protected', 3],
  ['ptr-change-running', 3],
  ['in-use', 3],
  ['same-panel', 3],
  ['panel-unreachable', 4],
  ['ledger-unreachable', 4],
  ['temporal-unreachable', 4],
  ['no-free-address', 1],
  ['unknown-outcome', 1],
  ['Abandoned', 1],
])('%s ends with %i', (code, status) => {
  expect(exitStatusOf(code)).toBe(status);
});
