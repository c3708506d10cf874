/**
 * Shapes of the names and ids that callers choose (design.md 7). Schemas of messages say the same with the same words
 * (inputs/fields.ts); `tests/domain/import-row.test.ts` holds the two together.
 */
export const idShape = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,99}$/;
export const acceptedId = 'letters, digits and . _ : @ -, starting with a letter or digit, at most 100 characters';

export const nameShape = /^[a-z0-9][a-z0-9-]{0,62}$/;
export const acceptedName =
  'lower-case letters, digits and hyphens, starting with a letter or digit, at most 63 characters';

export const groupShape = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
export const acceptedGroup =
  'the name of an address group in IPmanager: letters, digits and . _ -, at most 63 characters';
