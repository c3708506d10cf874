/** Puts back what an earlier run left: this and nothing else, in its order. */
export function refill<K, V>(map: Map<K, V>, values: readonly V[], keyOf: (value: V) => K): void {
  map.clear();
  for (const value of values) map.set(keyOf(value), value);
}
