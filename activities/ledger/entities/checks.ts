/**
 * CHECK expressions as PostgreSQL prints them (`pg_get_constraintdef`): written in any other way, the comparison of
 * entities with the migrated schema never comes out empty.
 */

/** One whole address: no prefix, and no IPv4-mapped form, which would be a second writing of an IPv4 address (I1). */
export function canonicalAddress(column: string): string {
  return `(masklen(${column}) = CASE family(${column}) WHEN 4 THEN 32 ELSE 128 END) AND (NOT (${column} <<= '::ffff:0.0.0.0/96'::inet))`;
}

export function oneOf(column: string, values: readonly string[]): string {
  return `${column} = ANY (ARRAY[${values.map((value) => `'${value}'::text`).join(', ')}])`;
}

export function familyOfColumn(family: string, ip: string): string {
  return `${family} = CASE family(${ip}) WHEN 4 THEN 'ipv4'::text ELSE 'ipv6'::text END`;
}
