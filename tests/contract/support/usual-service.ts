import type { ServerModule, ServiceOnServer } from '../../../activities/servers/server-module.ts';
import { settled } from './settled.ts';

/** What most tests of a server module set up, and what its steps then come to. */
export const service: ServiceOnServer = {
  installation: '0123456789ab',
  id: 'svc-1001',
  kind: 'vps',
  domain: 'www.example.com',
  customer: 'c-7',
};
export const addresses = ['198.51.100.10', '2001:db8:100::10'] as const;
export const done = { kind: 'done' };

/** Each step of it as the workflow does it, to its end. */
export function stepsOf(module: ServerModule, of = service) {
  return {
    setUp: (ips: readonly string[] = addresses, on = module) =>
      settled(on, () => on.setUp({ service: of, addresses: ips })),
    add: (ip: string) => settled(module, () => module.addAddress({ service: of, ip, ptr: 'a.example.com' })),
    takeOff: (ip: string) => settled(module, () => module.removeAddress({ service: of, ip, ptr: null })),
    remove: () => settled(module, () => module.remove(of)),
  };
}
