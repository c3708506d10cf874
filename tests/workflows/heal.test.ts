import { describe, expect, test } from '@jest/globals';
import { workflowIds } from '../../workflows/contract.ts';
import { orderService, service } from '../support/orders.ts';
import { activeAddress, addIspManager, detailsOf, fault, openDesk, tagOf } from './support/desk.ts';

/** `on-conflict heal`: a conflict is undone at once where the holder's own server says that it uses the address. */
const engine = await openDesk({ integration: { fenceMs: 700, onConflict: 'heal' } });
const { ledger, simulator } = engine;

/** A holder on a server, and another service whose order is offered the holder's address. */
async function offered(name: string, holderOn: string, before: (ip: string) => Promise<void> | void = () => undefined) {
  const [holder, other] = [`${name}-holder`, `${name}-other`];
  // An ispmanager sets up by itself; `desk` is reported.
  const ip =
    holderOn === 'desk'
      ? await activeAddress(engine, service(holder))
      : await orderService(engine, service(holder, { server: holderOn })).then(async ({ handle }) => {
          const [address] = (await handle.result()).addresses;
          return address?.ip ?? '';
        });
  await before(ip);
  fault(engine, { purpose: 'create', at: await tagOf(engine, `${other}/1/ipv4/1`) }, { kind: 'busy-address', ip });
  const { answer } = await orderService(engine, service(other));
  expect(answer.outcome).toBe('allocated');
  expect(answer.addresses[0]?.ip).not.toBe(ip);
  expect(await ledger.addresses.find(ip)).toMatchObject({ service: holder, state: 'active' });
  const open = await ledger.addresses.conflicts({ open: true, order: `${other}/1/ipv4/1` });
  return { ip, holder, open, at: simulator.world.addresses.get(ip), story: workflowIds.provisionService(other) };
}

describe('a conflict about an address', () => {
  test.concurrent('that the server of its holder confirms is healed: PTR and tag are back, the conflict is closed', async () => {
    await addIspManager(engine, 'web-confirms');
    const { ip, holder, open, at, story } = await offered('confirms', 'web-confirms');
    expect(open).toEqual([]);
    expect(at).toMatchObject({ domain: `${holder}.example.com`, note: await tagOf(engine, `${holder}/1/ipv4/1`) });
    expect(await detailsOf(engine, story)).toContain(`${ip}: its conflict is healed`);
  });

  test.concurrent('that its server does not have stays marked, for a person', async () => {
    const { world } = await addIspManager(engine, 'web-denies');
    const { open, at } = await offered('denies', 'web-denies', (ip) => void world.addresses.delete(ip));
    expect(open).toMatchObject([{ markedAt: expect.any(String) }]);
    expect(at?.domain).toBe('dns.set.error');
  });

  test.concurrent('of a server without a list stays marked', async () => {
    const { open, at } = await offered('listless', 'desk');
    expect(open).toHaveLength(1);
    expect(at?.domain).toBe('dns.set.error');
  });

  test.concurrent('of a server that is silent stays marked, and holds the order up no longer than it takes to ask', async () => {
    const web = await addIspManager(engine, 'web-silent');
    const { open, at, story } = await offered('silent', 'web-silent', () => web.close());
    expect(open).toHaveLength(1);
    expect(at?.domain).toBe('dns.set.error');
    expect(await detailsOf(engine, story)).toContain('stays marked');
  });
});
