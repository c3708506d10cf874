import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A place where a worker is killed, once. */
export interface Failpoint {
  readonly activity: string;
  readonly when: 'before' | 'after';
  /** Services or addresses: the point fires when the activity's arguments are about one of them. */
  readonly about: string | readonly string[];
  /** What it is counted as; else its place. */
  readonly name?: string;
}

const firedFolder = 'fired';

export function makeFolder(folder: string): void {
  mkdirSync(join(folder, firedFolder), { recursive: true });
}

export function setFailpoint(folder: string, point: Failpoint): void {
  writeFileSync(join(folder, `${point.activity}-${point.when}-${randomUUID()}`), JSON.stringify(point));
}

export function firesAt({ about }: Failpoint, text: string): boolean {
  return [about].flat().some((one) => [`"${one}"`, `"${one}/`, `/${one}"`].some((word) => text.includes(word)));
}

/** Only one of several workers fires it. */
export function lightFuse(folder: string, name: string): boolean {
  try {
    renameSync(join(folder, name), join(folder, firedFolder, name));
    return true;
  } catch {
    return false;
  }
}

/** How often each place was reached: one that never was proved nothing. */
export function fired(folder: string): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const file of readdirSync(join(folder, firedFolder))) {
    const point = JSON.parse(readFileSync(join(folder, firedFolder, file), 'utf8')) as Failpoint;
    const place = point.name ?? `${point.when} ${point.activity}`;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}
