import type { AddressView, ServiceStanding } from '../../../workflows/contract.ts';
import type { AllocationAnswer } from '../../index.ts';
import type { serviceDetail, ServiceView } from '../../views/service.ts';
import type { RemovalStanding } from '../actions/removal-standing.ts';
import { addressTable } from './address.ts';
import { stateText } from './state.ts';
import { details, table } from './table.ts';
import { moment, relative } from './time.ts';

export function serviceTable(services: readonly ServiceView[]): string {
  if (services.length === 0) return 'no service here';
  return table(
    ['SERVICE', 'KIND', 'DOMAIN', 'CUSTOMER', 'SERVER', 'TARIFF', 'STATE', 'REASON', 'SINCE'],
    services.map((one) => [
      one.id,
      one.kind,
      one.domain,
      one.customer,
      one.server,
      one.tariff,
      stateText(one.state),
      one.reason?.message ?? null,
      relative(one.updatedAt),
    ]),
  );
}

export function serviceDetails(one: ReturnType<typeof serviceDetail>): string {
  const lines = details([
    ['service', one.id],
    ['kind', one.kind],
    ['domain', one.domain],
    ['customer', one.customer],
    ['server', one.server],
    ['tariff', one.tariff],
    ['state', stateText(one.state)],
    ...(one.reason === null ? [] : [['reason', `${one.reason.message} (${one.reason.code})`] as const]),
    ['workflow', one.workflowId],
    ...(one.link === null ? [] : [['story', one.link] as const]),
    ['since', moment(one.updatedAt)],
  ]);
  return one.addresses.length === 0 ? `${lines}\n\nno address` : `${lines}\n\n${addressTable(one.addresses)}`;
}

export function allocationText(answer: AllocationAnswer, link: string | null): string {
  return [headOf(answer), ...addressLines(answer.addresses), ...(link === null ? [] : [`story: ${link}`])].join('\n');
}

function headOf({ service, workflowId, outcome, reason, addresses }: AllocationAnswer): string {
  if (outcome === null) return `${workflowId} is on its way; "iptally service show ${service}" tells how it stands`;
  if (outcome === 'not-allocated') return `${service} gets no address: ${reason?.message ?? 'no reason was told'}`;
  return `${service} has ${addresses.length === 1 ? 'its address' : `its ${addresses.length} addresses`}`;
}

function addressLines(addresses: readonly AddressView[]): readonly string[] {
  return addresses.length === 0 ? [] : [addressTable(addresses)];
}

export function standingText(standing: ServiceStanding, link: string | null): string {
  const { service, state, reason, addresses } = standing;
  const why = reason === undefined ? '' : `: ${reason.message} (${reason.code})`;
  const story = link === null ? [] : [`story: ${link}`];
  return [`${service} is ${stateText(state)}${why}`, ...addressLines(addresses), ...story].join('\n');
}

export function removalText(standing: RemovalStanding, link: string | null): string {
  const { service, state, released, kept, reason } = standing;
  const head =
    state === 'removed'
      ? `${service} is removed`
      : `${service} is being removed${reason === null ? '; it goes on by itself' : `, and waits: ${reason.message} (${reason.code})`}`;
  return [
    head,
    ...(released.length === 0 ? [] : [`released: ${released.join(', ')}`]),
    ...kept.map((one) => `${state === 'removed' ? 'kept' : 'not yet'}: ${one.ip} (${one.reason})`),
    ...(link === null || state === 'removed' ? [] : [`story: ${link}`]),
  ].join('\n');
}
