import { describe, expect, test } from '@jest/globals';
import { setupFinishedUpdate } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import { add, activeService, addIntegration, addIspManager, openDesk, tagOf } from './support/desk.ts';

const engine = await openDesk();
const { ledger, simulator } = engine;
await engine.addTariff('none', 0);
await engine.addServer('lite', { module: 'ispmanager-lite' });
await engine.addServer('alone', { integration: null });
await addIntegration(engine, 'dummy', { login: 'nobody' });
const web = await addIspManager(engine, 'web');
await ledger.settings.integrations.add(
  'dummy-web',
  { ...(await settingsOf('main')), url: web.url, login: 'root' },
  { password: 'correct horse battery staple', adminPassword: null },
);
await ledger.settings.integrations.keepDialect(
  'dummy-web',
  await (await engine.composition.panels.of('dummy-web')).readDialect(),
);
await engine.addServer('on-dummy-web', { integration: 'dummy-web' });

async function settingsOf(name: string) {
  const found = await ledger.settings.integrations.find(name);
  if (found === undefined) throw new Error(name);
  return found;
}

describe('no address is a normal answer with its reason', () => {
  test.concurrent.each([
    ['the tariff allows none', 'n-1', { tariff: 'none' }, 'tariff-without-addresses'],
    ['a licence uses none', 'n-2', { kind: 'licence' as const }, 'kind-without-addresses'],
    ['the module is ispmanager lite', 'n-3', { server: 'lite' }, 'module-without-addresses'],
    ['the server has no integration', 'n-4', { server: 'alone' }, 'server-without-integration'],
    ['the login has no right to any address', 'n-5', { server: 'on-dummy' }, 'login-without-addresses'],
    ['the integration points at an ispmanager business', 'n-6', { server: 'on-dummy-web' }, 'login-without-addresses'],
  ])('when %s', async (_, id, more, code) => {
    const { answer, handle } = await orderService(engine, service(id, more));
    expect(answer).toEqual({
      service: id,
      outcome: 'not-allocated',
      reason: { code, message: expect.any(String) },
      addresses: [],
    });
    if (id !== 'n-3') await handle.executeUpdate(setupFinishedUpdate, { args: [{ ok: true }] });
    expect(await handle.result()).toEqual(answer);
    expect(await ledger.services.find(id)).toMatchObject({ state: 'active' });
    expect(simulator.allocations().get(await tagOf(engine, `${id}/1/ipv4/1`))).toBeUndefined();
    const again = await orderService(engine, service(id, more));
    expect(again.answer).toEqual(answer);
  });

  test.concurrent('when one more address is asked of a family that the tariff does not have', async () => {
    await activeService(engine, service('n-7', { server: 'other-desk' }));
    const { answer, handle } = await add(engine, { order: 'n-7-six', service: 'n-7', family: 'ipv6' });
    expect(answer).toMatchObject({
      outcome: 'not-allocated',
      reason: { code: 'tariff-without-family' },
      addresses: [],
    });
    expect(await handle.result()).toEqual(answer);
    expect(await ledger.services.find('n-7')).toMatchObject({ state: 'active' });
  });
});

await engine.addServer('other-desk');
