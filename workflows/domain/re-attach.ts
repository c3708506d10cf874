/** The parts of a running order that are compared when it is sent again. */
export interface OrderedService {
  readonly service: {
    readonly id: string;
    readonly kind: string;
    readonly domain: string;
    readonly customer?: string | null | undefined;
    readonly server: string;
    readonly tariff: string;
  };
  readonly addresses?:
    | readonly { readonly order: string; readonly family: string; readonly ptr?: string | null | undefined }[]
    | null
    | undefined;
}

export type ReAttach =
  | { readonly kind: 'same' }
  /** Only server, domain or tariff differ, and the run waits for set-up: used for the next try, same addresses. */
  | { readonly kind: 'changed' }
  | { readonly kind: 'differs'; readonly fields: readonly string[] };

const changeable = new Set(['server', 'domain', 'tariff']);

/** Compares an order sent again with the running one (design.md 3, "Re-attaching carries the input"). */
export function reAttach(running: OrderedService, sent: OrderedService, waitsForSetUp: boolean): ReAttach {
  const fields: string[] = (['kind', 'domain', 'customer', 'server', 'tariff'] as const).filter(
    (field) => (running.service[field] ?? null) !== (sent.service[field] ?? null),
  );
  if (listed(running) !== listed(sent)) fields.push('addresses');
  if (fields.length === 0) return { kind: 'same' };
  return waitsForSetUp && fields.every((field) => changeable.has(field))
    ? { kind: 'changed' }
    : { kind: 'differs', fields };
}

function listed({ addresses }: OrderedService): string {
  return JSON.stringify((addresses ?? []).map(({ order, family, ptr }) => [order, family, ptr ?? null]));
}
