import type { ServiceOnServer } from '../../../activities/servers/server-module.ts';
import type { Panels } from './panels.ts';
import type { ServerRow, ServerUnderTest } from './server-row.ts';
import { service as usual, stepsOf } from './usual-service.ts';

export const changing = new Set(['create', 'write', 'release']);

export function serviceOf(row: ServerRow, more: Partial<ServiceOnServer> = {}): ServiceOnServer {
  return { ...usual, kind: row.kind, ...more };
}

function sorted(list: readonly string[] | undefined): readonly string[] | undefined {
  return list?.toSorted();
}

/** What was really changed there, whatever we were told of it. */
export function changes({ log }: ServerUnderTest): number {
  return log.filter(({ worked, purpose }) => worked && changing.has(purpose)).length;
}

/** A server of one test's own, and a module that works on it. */
export async function openServer(row: ServerRow, among: Panels) {
  const server = await row.start(among);
  const module = server.module();
  const service = serviceOf(row);
  const steps = stepsOf(module, service);
  return {
    server,
    module,
    service,
    ...steps,
    takeOff: (ip: string) => {
      server.stop?.();
      return steps.takeOff(ip);
    },
    addressesOf: async () => sorted(await module.addressesOf(service)),
  };
}
