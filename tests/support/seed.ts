/** The same chances as the simulators' faults have. */
export { randomOf } from '../../activities/http/simulator/random.ts';

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
