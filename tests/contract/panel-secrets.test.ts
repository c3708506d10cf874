import { inspect } from 'node:util';
import { afterEach, expect, test } from '@jest/globals';
import { faultKinds } from '../../activities/http/simulator/faults.ts';
import { SimError } from '../../activities/coremanager/simulator/sim-error.ts';
import { coreManagerPanel } from '../../activities/coremanager/simulator/core-manager-panel.ts';
import { startSimulatorServer } from '../../activities/http/simulator/server.ts';
import { createFaults } from '../../activities/http/simulator/faults.ts';
import { panelKnobs } from '../../activities/coremanager/simulator/panel.ts';
import { hashPassword } from '../../activities/coremanager/simulator/sessions.ts';
import type { IpManager } from '../../activities/ipmanager/ip-manager.ts';
import { canary, mark, openTrust, Panels, smallWorld } from './support/panels.ts';

const panels = new Panels();
afterEach(() => panels.close());

/** Everything the port can be made to say, errors with their stacks and causes included. */
async function everything(ipm: IpManager): Promise<string> {
  const said = await Promise.allSettled([
    ipm.allocate({ family: 'ipv4', group: 'public', mark: mark(1) }),
    ipm.read('203.0.113.9'),
    ipm.list(),
    ipm.write({ ip: '203.0.113.9', ptr: 'a.example.com' }),
    ipm.release('203.0.113.9'),
    ipm.readDialect(),
  ]);
  return inspect(said, { depth: 20, showHidden: true, maxStringLength: Infinity }) + JSON.stringify(said);
}

const forms = [
  canary,
  encodeURIComponent(canary),
  new URLSearchParams({ p: canary }).toString().slice(2),
  JSON.stringify(canary).slice(1, -1),
];

function leaked(text: string): readonly string[] {
  return forms.filter((form) => text.includes(form));
}

test.each(faultKinds)('no text under %s holds the password (I11)', async (kind) => {
  const panel = await panels.panel({ world: smallWorld() });
  panel.faults.hook = () => ({ kind, ms: 50 });
  expect(leaked(await everything(panels.client(panel.url, { requestTimeoutMs: 120 })))).toEqual([]);
});

test('nor does one when the panel cannot be reached, or the URL is refused', async () => {
  const panel = await panels.panel();
  await panel.close();
  expect(leaked(await everything(panels.client(panel.url)))).toEqual([]);
  expect(
    leaked(await everything(panels.client(`https://billing:${encodeURIComponent(canary)}@127.0.0.1/ipmgr`))),
  ).toEqual([]);
  expect(
    leaked(await everything(panels.client(panel.url, { trust: { ...openTrust, allowPlainHttp: false } }))),
  ).toEqual([]);
});

test('nor when the panel itself repeats password and session id in its errors', async () => {
  const sessions: string[] = [];
  const server = await startSimulatorServer({
    panel: coreManagerPanel({
      binary: 'ipmgr',
      version: '5',
      knobs: panelKnobs(),
      functions: Object.fromEntries(
        ['ip', 'ip.edit', 'ip.delete'].map((func) => [
          func,
          (call) => {
            const id = call.parameters.get('auth') ?? '';
            sessions.push(id);
            throw new SimError('value', id, `${canary} ${id}`);
          },
        ]),
      ),
      userOf: (name) => ({ name, passwordHash: hashPassword(canary), level: 16 }),
      purposeOf: () => 'other',
      saved: async () => undefined,
    }),
    faults: createFaults(),
  });
  panels.keep(server);
  const text = await everything(panels.client(`${server.origin}/ipmgr`));
  expect(leaked(text)).toEqual([]);
  expect(text).toContain('withheld');
  expect(sessions.length).toBeGreaterThan(0);
  for (const id of sessions) expect(text).not.toContain(id);
});

test('the simulator neither echoes nor logs a secret', async () => {
  const panel = await panels.panel();
  const body = new URLSearchParams({ func: 'ip', out: 'json', authinfo: `billing:${canary}`, password: canary });
  const answer = await fetch(panel.url, { method: 'POST', body });
  const text = await answer.text();
  expect(text).toContain('p_elems');
  expect(leaked(text)).toEqual([]);
  expect(leaked(JSON.stringify(panel.log))).toEqual([]);
});
