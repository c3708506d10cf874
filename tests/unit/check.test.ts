import { expect, test } from '@jest/globals';
import { check } from '../../workflows/inputs/check.ts';
import { syncIntegrationInput } from '../../workflows/inputs/sync.ts';

test.each([
  ['a text as it stood', { integration: 'Main Panel' }, 'Main Panel'],
  ['a text of quotes as it stood', { integration: '"main"' }, '"main"'],
  ['a number as JSON', { integration: 7 }, '7'],
  ['a list as JSON', { integration: ['main'] }, '["main"]'],
  ['a long text cut', { integration: 'M'.repeat(500) }, `${'M'.repeat(117)}…`],
  ['nothing by that word', {}, 'nothing'],
])('the value of a refusal is %s', (_what, input, value) => {
  const checked = check(syncIntegrationInput, input, 'syncIntegration');
  expect(checked).toMatchObject({ ok: false, failure: { code: 'invalid-input', field: 'integration', value } });
});
