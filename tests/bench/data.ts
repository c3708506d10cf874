/** The data of a benchmark: row number n is the same address, tag and PTR on both sides, in address order. */

export interface Shape {
  readonly rows: number;
  readonly installation: string;
  /** One in so many rows differs, in each of three ways: missing there, unknown here, another PTR. 0: none. */
  readonly differs: number;
}

export function ipOf(n: number): string {
  return `${11 + (n >>> 24)}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`;
}

export function tagOf(installation: string, n: number): string {
  return `iptally:${installation}:${n.toString(16).padStart(16, '0')}`;
}

export function ptrOf(n: number): string {
  return `host-${n}.customers.example.com`;
}

export const isMissingThere = (n: number, { differs }: Shape): boolean => differs > 0 && n % differs === 1;
export const isUnknownHere = (n: number, { differs }: Shape): boolean => differs > 0 && n % differs === 2;
export const hasOtherPtr = (n: number, { differs }: Shape): boolean => differs > 0 && n % differs === 3;

/** What a plan must hold: a bench that answers wrongly is no bench. */
export function expectedCounts({ rows, differs }: Shape): Readonly<Record<'occupy' | 'release' | 'adopt-ptr', number>> {
  // rest, rest + differs, … below rows
  const count = (rest: number): number => (differs === 0 || rows <= rest ? 0 : Math.ceil((rows - rest) / differs));
  return { occupy: count(1), release: count(2), 'adopt-ptr': count(3) };
}

/** One row of the panel's list, as COREmanager writes it in JSON. */
export function listedRow(n: number, shape: Shape): string {
  const ptr = hasOtherPtr(n, shape) ? `moved-${n}.example.net` : ptrOf(n);
  const note = isUnknownHere(n, shape) ? '{}' : `{"$":"${tagOf(shape.installation, n)}"}`;
  return `{"ip":{"$":"${ipOf(n)}"},"domain":{"$":"${ptr}."},"iptype":{"$":"public"},"note":${note}}`;
}
