import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from '@jest/globals';
import { startProxmoxVeSimulator } from '../../activities/servers/proxmox-ve/simulator/start.ts';
import { canary, Panels } from './support/panels.ts';
import { pythonHas, runPython } from './support/python.ts';
import { pveWorld, template, tokenUuid } from './support/servers/proxmox-ve.ts';

/**
 * The simulator against a client that was written for the real panel. Needs Python with `proxmoxer` and `requests`;
 * without it this test is skipped and says so.
 */
const panels = new Panels();
afterEach(() => panels.close());

const container = {
  ostemplate: template,
  hostname: 'py-1',
  description: 'made by proxmoxer',
  password: 'secret-enough',
  storage: 'local-lvm',
  rootfs: 'local-lvm:4',
  memory: 512,
  net0: 'name=eth0,bridge=vmbr0,ip=198.51.100.10/24,gw=198.51.100.1,ip6=2001:db8:100::10/64',
};

const life = {
  version: '8.4.1',
  nextid: '101',
  upid: expect.stringMatching(/^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:vzcreate:50\d:root@pam(!iptally)?:$/),
  created: 'OK',
  again: { status: 500, words: expect.stringContaining('already exists'), errors: null },
  config: { hostname: 'py-1', description: 'made by proxmoxer\n', memory: 512, digest: expect.any(String) },
  stale: { status: 500, words: expect.stringContaining('detected modified configuration'), errors: null },
  net1: expect.stringContaining('ip=198.51.100.11/24'),
  without: false,
  started: 'OK',
  status: 'running',
  running: { status: 500, words: expect.stringContaining('is running') },
  stopped: 'OK',
  deleted: 'OK',
  gone: { status: 500, words: expect.stringContaining('does not exist') },
  wrong: { status: 400, words: 'Parameter verification failed.' },
};

(pythonHas('proxmoxer, requests', 'proxmoxer requests') ? describe : describe.skip)('proxmoxer', () => {
  test('finds in the simulator what it finds in a Proxmox VE, with a password and with a token', async () => {
    const tls = (name: string) => fileURLToPath(new URL(`../support/tls/${name}`, import.meta.url));
    const certificate = tls('self-signed.crt');
    const server = panels.keep(
      await startProxmoxVeSimulator({
        world: pveWorld({ taskMs: 60 }),
        tls: { key: readFileSync(tls('self-signed.key'), 'utf8'), cert: readFileSync(certificate, 'utf8') },
      }),
    );
    const want = { container, net1: 'name=eth1,bridge=vmbr0,ip=198.51.100.11/24', password: canary, token: tokenUuid };
    const args = ['127.0.0.1', String(server.port), certificate, JSON.stringify(want)];
    const seen = await runPython<Readonly<Record<string, unknown>>>('proxmox_guest.py', args);
    expect(seen['password']).toMatchObject(life);
    expect(seen['token']).toMatchObject(life);
    expect(seen['refused']).toContain('authenticate');
    expect(server.log.filter(({ purpose }) => purpose === 'login')).toHaveLength(2);
    expect(JSON.stringify(server.log)).not.toContain('secret-enough');
  });
});
