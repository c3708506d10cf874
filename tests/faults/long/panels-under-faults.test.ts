import { describe } from '@jest/globals';
import { openProxmoxVe } from '../support/rest-panels.ts';
import { claimPanelsUnderFaults, everyPanel, serverKills } from '../support/server-storm-claims.ts';

describe('many orders on every kind of server, its panel failing in every way, the workers killed twenty times and at each step', () => {
  claimPanelsUnderFaults({
    panels: [...everyPanel, () => openProxmoxVe('qemu'), () => openProxmoxVe('openvz')],
    each: 24,
    weather: { onChange: [0, 2], onLook: [10, 40] },
    kills: 20,
    killEveryMs: 10_000,
    hit: ['vdsmanager4', 'vmmanager5', 'vmmanager6', 'proxmox-lxc', 'proxmox-qemu', 'proxmox-openvz'],
    places: serverKills,
  });
});
