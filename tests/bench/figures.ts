/** How figures are told: medians with what they spread over. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

export const spread = (walls: readonly number[]): string =>
  `${seconds(Math.min(...walls))} to ${seconds(Math.max(...walls))}`;
export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
export const ratio = (value: number): string => value.toFixed(2);
