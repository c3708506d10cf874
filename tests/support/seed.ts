/** The seed of this run: `IPTALLY_SEED`, else a new one. Printed with every figure, so that a red run can be said again. */
export const seed: number = readSeed(process.env['IPTALLY_SEED']);

function readSeed(given: string | undefined): number {
  const number = Number(given);
  return given !== undefined && given !== '' && Number.isSafeInteger(number)
    ? number
    : Math.floor(Math.random() * 2 ** 31);
}

/** One line of figures on standard error, where jest leaves it alone. */
export function report(what: string, figures: Readonly<Record<string, unknown>>): void {
  const shown = Object.entries(figures).map(([name, value]) => `${name} ${shownValue(value)}`);
  process.stderr.write(`  ${what}: seed ${seed}, ${shown.join(', ')}\n`);
}

function shownValue(value: unknown): string {
  if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  return String(value);
}

/** mulberry32: small, and the same on every machine. */
export function randomOf(from: number): () => number {
  let state = from >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
