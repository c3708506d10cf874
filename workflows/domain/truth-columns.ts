import type { Sighting } from './sighting.ts';

/** The first two columns of the truth table: the words the docs show, and what they mean. */
export const remoteIs = {
  any: () => true,
  used: ({ used }: Sighting) => used !== null,
  free: ({ remote }: Sighting) => remote.kind === 'free',
  'a row that does not parse': ({ remote }: Sighting) => remote.kind === 'malformed',
  'used twice in the list': ({ remote }: Sighting) => remote.kind === 'duplicate-row',
  'a network, not one address': ({ remote }: Sighting) => remote.kind === 'not-an-address',
} as const;

/** A row that is `released`, or whose quarantine is over, is `unknown` (sighting.ts). */
export const ledgerIs = {
  any: () => true,
  'active/reserved': ({ row }: Sighting) => row?.state === 'active' || row?.state === 'reserved',
  reserved: ({ row }: Sighting) => row?.state === 'reserved',
  releasing: ({ row }: Sighting) => row?.state === 'releasing',
  'active/reserved/releasing': ({ row }: Sighting) => row !== null && row.state !== 'quarantined',
  'quarantined/unknown': ({ row }: Sighting) => row === null || row.state === 'quarantined',
  'releasing/quarantined/unknown': ({ row }: Sighting) => row?.state !== 'active' && row?.state !== 'reserved',
} as const;
