const steps = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** How far a moment is from now, for people: `3 min ago`, `in 23 h`. JSON has the moment itself. */
export function relative(iso: string, now: number = Date.now()): string {
  const away = Date.parse(iso) - now;
  const size = Math.abs(away);
  const step = steps.find(([ms]) => size >= ms);
  if (step === undefined) return 'now';
  const text = `${Math.floor(size / step[0])} ${step[1]}`;
  return away < 0 ? `${text} ago` : `in ${text}`;
}

/** The moment and how far it is. */
export function moment(iso: string | null): string | null {
  return iso === null ? null : `${iso.replace(/\.\d+Z$/, 'Z')} (${relative(iso)})`;
}
