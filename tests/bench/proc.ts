import { readdirSync, readFileSync } from 'node:fs';

/** CPU time of a process and its children, living or reaped, in milliseconds (Linux, 100 ticks a second). */
export function treeCpuMs(pid: number): number {
  const parents = new Map<number, number>();
  const times = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = statOf(name);
    if (fields === undefined) continue;
    const at = (index: number): number => Number(fields[index] ?? 0);
    parents.set(Number(name), at(1));
    // utime, stime and those of reaped children
    times.set(Number(name), (at(11) + at(12) + at(13) + at(14)) * 10);
  }
  const isOurs = (one: number): boolean => one === pid || (parents.has(one) && isOurs(parents.get(one) ?? 0));
  return [...times].filter(([one]) => isOurs(one)).reduce((sum, [, ms]) => sum + ms, 0);
}

/** The fields after the name, which may hold anything. */
function statOf(pid: string): readonly string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
