import { expect, test } from '@jest/globals';
import { check } from '../../workflows/inputs/check.ts';
import { provisionServiceInput, setupFinishedInput } from '../../workflows/inputs/inputs.ts';
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

const service = 'an object with id, kind, domain, customer?, server, tariff';
const order = { service: { id: 'a', kind: 'vps', domain: 'a.example.com', server: 'x', tariff: 't' } };

test.each([
  ['null', provisionServiceInput, null, 'provisionService', 'an object with service, addresses?'],
  ['a list', provisionServiceInput, [], 'provisionService', 'an object with service, addresses?'],
  ['a text', provisionServiceInput, 'x', 'provisionService', 'an object with service, addresses?'],
  ['nothing in it', provisionServiceInput, {}, 'service', service],
  ['a number in it', provisionServiceInput, { service: 7 }, 'service', service],
  ['no list in it', provisionServiceInput, { ...order, addresses: 'x' }, 'addresses', 'at most 32 addresses'],
  [
    'a list of texts',
    provisionServiceInput,
    { ...order, addresses: ['x'] },
    'addresses.0',
    'an object with order, family, ptr?',
  ],
  ['no report at all', setupFinishedInput, undefined, 'provisionService', 'an object with ok, reason?'],
])('what is no object is refused with what is accepted: %s', (_what, schema, input, field, accepted) => {
  const checked = check<typeof schema>(schema, input, 'provisionService');
  expect(checked).toMatchObject({ ok: false, failure: { code: 'invalid-input', field, accepted } });
});
