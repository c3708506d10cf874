const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

export const acceptedDuration = 'a whole number with ms, s, m, h or d, like 90s, 5m or 2h; or 0';

/** Reads `90s`, `5m`, `2h`, `0` into milliseconds (design.md 7); nothing else, at most 366 days. */
export function parseDuration(text: string): number | undefined {
  const found = /^(0|[1-9]\d*)(ms|s|m|h|d)$/.exec(text);
  if (text === '0') return 0;
  if (found?.[1] === undefined || found[2] === undefined) return undefined;
  const ms = Number(found[1]) * units[found[2] as keyof typeof units];
  return Number.isSafeInteger(ms) && ms <= 366 * units.d ? ms : undefined;
}

/** The shortest exact writing: 90000 → `90s`, 7200000 → `2h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    if (ms % units[unit] === 0) return `${ms / units[unit]}${unit}`;
  }
  return `${ms}ms`;
}
