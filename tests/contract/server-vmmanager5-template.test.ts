import { afterEach, describe, expect, test } from '@jest/globals';
import type { ServiceOnServer } from '../../activities/servers/server-module.ts';
import { startVmManager5Simulator } from '../../activities/servers/vmmanager5/simulator/start.ts';
import { createVmWorld, type VmWorld } from '../../activities/servers/vmmanager5/simulator/world.ts';
import { canary, Panels } from './support/panels.ts';
import { connectionTo, moduleNamed } from './support/server-row.ts';
import { settled } from './support/settled.ts';

const panels = new Panels();
afterEach(() => panels.close());

const service: ServiceOnServer = {
  installation: '0123456789ab',
  id: 'svc-1001',
  kind: 'vps',
  domain: 'www.example.com',
  customer: 'c-7',
};
const debian = 'Debian-11-x86_64';

async function open(templateIds: VmWorld['knobs']['templateIds'], template: string) {
  const world = createVmWorld({ logins: [{ name: 'root', password: canary }], knobs: { taskMs: 20, templateIds } });
  const server = panels.keep(await startVmManager5Simulator({ world }));
  const settings = { preset: 'KVM-1', template };
  return panels.keep(moduleNamed('vmmanager5', connectionTo(server.url, { settings })));
}

describe('a template of VMmanager 5', () => {
  test.each([
    ['full', `ISPsystem__${debian}`, 'done', []],
    ['full', debian, 'refused', [`as ISPsystem__${debian}:`]],
    ['full', `other__${debian}`, 'refused', [`as ISPsystem__${debian}:`]],
    ['bare', `ISPsystem__${debian}`, 'done', []],
    ['bare', debian, 'refused', ['without its repository']],
    ['bare', 'Plan9', 'refused', ['no installed template "Plan9"']],
  ] as const)(
    'listed by its %s id and set as %s: %s, and the test says so before',
    async (ids, template, kind, words) => {
      const module = await open(ids, template);
      expect((await module.test()).missing).toEqual(words.map((one) => expect.stringContaining(one)));
      const outcome = await settled(module, () => module.setUp({ service, addresses: ['198.51.100.10'] }));
      expect(outcome).toMatchObject({ kind });
    },
  );
});
