import type { Engine } from '../../support/engine.ts';
import type { ServerPanel, Thing } from './server-panel.ts';

/** What stood on each panel before the first order: not ours, and to stay as it was. */
export type Before = ReadonlyMap<ServerPanel, readonly Thing[]>;

export function standing(panels: readonly ServerPanel[]): Before {
  return new Map(panels.map((panel) => [panel, [...panel.things(), ...(panel.beside?.() ?? [])]]));
}

/** Looks again and again: a service made twice, or an address on two, may be mended before the end. */
export function watchServers(before: Before): { seen(): readonly string[]; stop(): void } {
  const broken = new Set<string>();
  const look = (): void => {
    for (const one of [...onTwo(before), ...[...before.keys()].flatMap(twice)]) broken.add(one);
  };
  const timer = setInterval(look, 100);
  return { seen: () => [...broken].map((one) => `for a moment: ${one}`), stop: () => clearInterval(timer) };
}

function twice(panel: ServerPanel): readonly string[] {
  const proofs = panel.things().map(({ proof }) => proof);
  return proofs.flatMap((proof, n) => (proofs.indexOf(proof) < n ? [`${proof} is twice on ${panel.name}`] : []));
}

/**
 * The servers' own worlds against the ledger, at rest: each active service once, with exactly its addresses; of a removed
 * one nothing; no address twice, nor on anything the ledger does not name. Each line is a violation in words.
 */
export async function serverViolations(
  engine: Engine,
  panels: readonly ServerPanel[],
  before: Before,
): Promise<readonly string[]> {
  const services = await engine.ledger.services.list();
  const rows = await engine.ledger.addresses.list();
  const installation = await engine.ledger.installation();
  const wanted = panels.map((panel) => ({
    panel,
    services: services
      .filter(({ server, state }) => server === panel.name && state === 'active')
      .map(({ id }) => ({
        id,
        proof: panel.proofOf({ installation, id }),
        addresses: rows.filter(({ service, state }) => service === id && state === 'active').map(({ ip }) => ip),
      })),
  }));
  return [
    ...wanted.flatMap(({ panel, services: active }) => onServer(panel, active, before.get(panel) ?? [])),
    ...onTwo(before),
  ];
}

interface Active extends Thing {
  readonly id: string;
}

function onServer(panel: ServerPanel, active: readonly Active[], before: readonly Thing[]): readonly string[] {
  const things = panel.things();
  const strangers = new Set(before.map(({ proof }) => proof));
  const proofs = new Set(active.map(({ proof }) => proof));
  const broken = active.flatMap(({ id, proof, addresses }) => {
    const found = things.filter((thing) => thing.proof === proof);
    if (found.length !== 1) return [`${id} is ${found.length} times on ${panel.name}`];
    const there = shown(found[0]?.addresses ?? []);
    return there === shown(addresses) ? [] : [`${id} on ${panel.name} uses ${there} instead of ${shown(addresses)}`];
  });
  const all = [...things, ...(panel.beside?.() ?? [])];
  const left = all.filter(({ proof }) => !proofs.has(proof) && !strangers.has(proof));
  const missing = before.filter(
    (was) => !all.some(({ proof, addresses }) => proof === was.proof && shown(addresses) === shown(was.addresses)),
  );
  return [
    ...broken,
    ...left.map(({ proof, addresses }) => `left on ${panel.name}: ${proof} with ${shown(addresses)}`),
    ...missing.map(({ proof }) => `${proof} of somebody else on ${panel.name} was touched`),
  ];
}

function onTwo(before: Before): readonly string[] {
  const users = new Map<string, string[]>();
  for (const [panel, was] of before) {
    // What was there before has addresses outside the pool, the same on some panels; that it is untouched is a claim of its own.
    const strangers = new Set(was.map(({ proof }) => proof));
    for (const { proof, addresses } of panel.things().filter((thing) => !strangers.has(thing.proof)))
      for (const ip of addresses) users.set(ip, [...(users.get(ip) ?? []), `${proof} on ${panel.name}`]);
  }
  return [...users].flatMap(([ip, by]) => (by.length > 1 ? [`I1: ${ip} is on two: ${by.join(', ')}`] : []));
}

function shown(addresses: readonly string[]): string {
  return addresses.toSorted().join(', ') || 'no address';
}
