/** `reserved` → `active` → `releasing` → `quarantined` → `released`. The unique index covers all but the last (I1). */
export const addressStates = ['reserved', 'active', 'releasing', 'quarantined', 'released'] as const;
export type AddressState = (typeof addressStates)[number];

/**
 * A service is *live* in every state but `removed`. `provisioning`: its addresses are being taken or it is being set up;
 * `waiting`: a person is needed, the reason stands beside it.
 */
export const serviceStates = ['provisioning', 'waiting', 'active', 'suspended', 'removing', 'removed'] as const;
export type ServiceState = (typeof serviceStates)[number];

export const serviceKinds = ['hosting', 'vps', 'dedicated', 'licence', 'other'] as const;
export type ServiceKind = (typeof serviceKinds)[number];

/** The most addresses one tariff or one service may have. */
export const mostAddresses = 32;

/**
 * IPmanager's group for a kind of service: `alias` for shared hosting, `public` for the rest
 * (reference/ispsystem-protocol.md 2.5); a licence has no address. The tariff's own group wins.
 */
export function groupFor(kind: ServiceKind, tariffGroup: string | undefined): string | undefined {
  if (kind === 'licence') return undefined;
  return tariffGroup ?? (kind === 'hosting' ? 'alias' : 'public');
}
