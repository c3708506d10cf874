import { z } from 'zod';
import type { TariffFields } from '../../activities/ledger/settings.ts';
import { mostAddresses } from '../../workflows/domain/states.ts';
import { group, name } from '../../workflows/inputs/fields.ts';
import { accepted } from '../accepted.ts';
import { wholeNumber, wrongInput } from './fields.ts';

const count = wholeNumber(0, mostAddresses);

/** What a service under a tariff may have. `group: null` lets the kind of the service decide again. */
export const tariffChange = z.strictObject({
  dedicated: z.boolean('accepted: true or false').optional(),
  ipv4: count.optional(),
  ipv6: count.optional(),
  group: group.nullish(),
});
export const newTariff = tariffChange.extend({ name });

export function tariffFields(input: unknown): TariffFields {
  const value = accepted(newTariff, input, 'tariff');
  const counted = value.ipv4 !== undefined || value.ipv6 !== undefined;
  // A tariff nobody counted for gives one IPv4 address, as most do.
  const ipv4 = value.ipv4 ?? (counted || value.dedicated === false ? 0 : 1);
  return consistent({
    dedicated: value.dedicated ?? true,
    ipv4,
    ipv6: value.ipv6 ?? 0,
    group: value.group ?? null,
  });
}

export function changedTariff(before: TariffFields, input: unknown): TariffFields {
  const value = accepted(tariffChange, input, 'tariff');
  const dedicated = value.dedicated ?? before.dedicated;
  // Without dedicated addresses the counts of before mean nothing any more.
  const kept = dedicated ? before : { ipv4: 0, ipv6: 0 };
  return consistent({
    dedicated,
    ipv4: value.ipv4 ?? kept.ipv4,
    ipv6: value.ipv6 ?? kept.ipv6,
    group: value.group === undefined ? before.group : value.group,
  });
}

function consistent(fields: TariffFields): TariffFields {
  const sum = fields.ipv4 + fields.ipv6;
  const seen = `${fields.ipv4} IPv4 and ${fields.ipv6} IPv6 addresses`;
  if (!fields.dedicated && sum > 0) {
    throw wrongInput('dedicated', seen, { why: 'the tariff has no dedicated addresses', accepted: '0 of each family' });
  }
  if (fields.dedicated && (sum < 1 || sum > mostAddresses)) {
    throw wrongInput(fields.ipv6 > fields.ipv4 ? 'ipv6' : 'ipv4', seen, {
      why: sum < 1 ? 'a tariff with dedicated addresses has at least one' : 'too many',
      accepted: `1 to ${mostAddresses} in all, or a tariff without dedicated addresses`,
    });
  }
  return fields;
}
