import type { Family } from './address.ts';
import type { Failure, Reason } from './failure.ts';
import { groupFor, type ServiceKind } from './states.ts';

/** What decides whether a service gets addresses at all (design.md 3, "No address, and that is a normal answer"). */
export interface Situation {
  readonly service: {
    readonly id: string;
    readonly kind: ServiceKind;
    readonly generation: number;
    readonly domain: string;
  };
  readonly tariff: {
    readonly name: string;
    readonly dedicated: boolean;
    readonly ipv4: number;
    readonly ipv6: number;
    readonly group: string | null;
  };
  readonly server: { readonly name: string; readonly module: string; readonly givesAddresses: boolean };
  readonly integration: { readonly name: string; readonly dummy: boolean } | null;
}

export interface WantedOrder {
  readonly order: string;
  readonly family: Family;
  readonly ptr: string | null;
}

export type Eligibility =
  | { readonly kind: 'eligible'; readonly group: string; readonly integration: string }
  | { readonly kind: 'no-address'; readonly reason: Reason };

/** First match from the top wins; each is an answer, never a failure. */
export function eligibility(situation: Situation): Eligibility {
  const { service, tariff, server, integration } = situation;
  const group = groupFor(service.kind, tariff.group ?? undefined);
  if (!tariff.dedicated || tariff.ipv4 + tariff.ipv6 === 0) {
    return none('tariff-without-addresses', `tariff ${tariff.name} allows no dedicated address`);
  }
  if (group === undefined) return none('kind-without-addresses', `a service of kind ${service.kind} uses no address`);
  if (!server.givesAddresses) {
    return none('module-without-addresses', `server ${server.name} runs ${server.module}, which gives no addresses`);
  }
  if (integration === null) return none('server-without-integration', `server ${server.name} has no integration`);
  if (integration.dummy) {
    return none('login-without-addresses', `the login of integration ${integration.name} has no right to any address`);
  }
  return { kind: 'eligible', group, integration: integration.name };
}

/** The orders of a new service: as the caller listed them, or one for each address of the tariff, with ids of ours. */
export function ordersOf(
  situation: Situation,
  asked: readonly WantedOrder[] | undefined,
): readonly WantedOrder[] | { readonly failure: Failure } {
  const { tariff } = situation;
  if (asked === undefined) return usualOrders(situation);
  for (const family of ['ipv4', 'ipv6'] as const) {
    const count = asked.filter((order) => order.family === family).length;
    if (count > tariff[family]) return { failure: beyondTariff(situation, family, count) };
  }
  return asked;
}

/** What stands in the ledger of a service that is being set up, when a run begins or starts over. */
export interface OrderedBefore {
  /** Ids of all orders of its present life. */
  readonly written: readonly string[];
  /** Those of its provisioning, as they were written; `begun`: something was sent for it. */
  readonly own: readonly (WantedOrder & { readonly begun: boolean })[];
  /** The addresses were answered by this run, before it started over. */
  readonly answered: boolean;
  /** A set-up has failed, which only ever begins once the addresses were answered. */
  readonly waits: boolean;
}

/**
 * The orders to go on with. All of a plan are written before the first is sent: once one was sent, or the answer given, what
 * is written is the plan, whatever the tariff says by now (design.md 3, "Once answered, the addresses never change").
 * Before that an earlier run may have died in the middle of the writing, and the tariff says what is missing.
 */
export function plannedOrders(
  situation: Situation,
  asked: readonly WantedOrder[] | undefined,
  before: OrderedBefore,
): readonly WantedOrder[] {
  const own = before.own.map(({ order, family, ptr }) => ({ order, family, ptr }));
  if (before.answered) return asked?.filter(({ order }) => before.written.includes(order)) ?? own;
  if (asked !== undefined) return asked;
  const settled = before.waits || before.own.some(({ begun }) => begun);
  if (settled && own.length > 0) return own;
  const usual = eligibility(situation).kind === 'eligible' ? usualOrders(situation) : [];
  return [...own, ...usual.filter(({ order }) => !own.some((one) => one.order === order))];
}

/** One for each address of the tariff, with ids of ours. */
export function usualOrders({ service, tariff }: Situation): readonly WantedOrder[] {
  return [...ownOrders(service, 'ipv4', tariff.ipv4), ...ownOrders(service, 'ipv6', tariff.ipv6)];
}

function ownOrders(service: Situation['service'], family: Family, count: number): readonly WantedOrder[] {
  return Array.from({ length: count }, (_, n) => ({
    order: `${service.id}/${service.generation}/${family}/${n + 1}`,
    family,
    ptr: null,
  }));
}

function beyondTariff(situation: Situation, family: Family, count: number): Failure {
  const { tariff } = situation;
  return {
    code: 'tariff-exceeded',
    message: `addresses asks for ${count} of ${family}, tariff ${tariff.name} allows ${tariff[family]}`,
    field: 'addresses',
    value: String(count),
    accepted: `at most ${tariff[family]} of ${family}`,
    next: 'ask for fewer, or choose another tariff; nothing was done',
  };
}

function none(code: string, message: string): Eligibility {
  return { kind: 'no-address', reason: { code, message } };
}
