import { workflowIds } from '../../../workflows/contract.ts';
import { demoPveSettings, type simulatorLogins } from '../../../worker/simulators.ts';
import { type Desk, domainOf, idOf, ipsOf, names, type Told, until } from './desk.ts';

interface MachineServer {
  readonly name: string;
  readonly module: string;
  readonly simulator: keyof typeof simulatorLogins;
  readonly settings: Readonly<Record<string, string>>;
}

/** Servers for virtual machines, one under each panel that is simulated; their settings name what is there. */
export const machineServers: readonly MachineServer[] = [
  {
    name: 'vds1',
    module: 'vdsmanager4',
    simulator: 'vdsmanager4',
    settings: { preset: 'OVZ-1', template: 'centos-5-x86_64' },
  },
  {
    name: 'kvm1',
    module: 'vmmanager5',
    simulator: 'vmmanager5',
    settings: { preset: 'KVM-1', template: 'ISPsystem__Debian-11-x86_64' },
  },
  {
    name: 'kvm2',
    module: 'vmmanager6',
    simulator: 'vmmanager6',
    settings: { cluster: '1', os: '1', preset: '1' },
  },
  {
    name: 'pve1',
    module: 'proxmox-ve',
    simulator: 'proxmox-ve',
    settings: demoPveSettings,
  },
];

/** One machine on each panel; each is made with exactly the addresses its order got. */
export async function onEachPanel(desk: Desk): Promise<Told> {
  const orders = machineServers.map(({ name }, at) => {
    const id = idOf(desk, 'vps', 11 + at);
    return { id, kind: 'vps' as const, domain: domainOf(desk, name), customer: 'c-1103', server: name };
  });
  for (const service of orders) {
    desk.say(`${service.id} is ordered on ${service.server}`);
    await desk.client.provisionService({ service: { ...service, tariff: names.tariffs.vps } });
  }
  const addresses: string[] = [];
  for (const { id } of orders) {
    await until(desk, id, ['active']);
    addresses.push(...(await ipsOf(desk, id)));
  }
  const on = orders.map(({ id, server }) => `${id} on ${server}`).join(', ');
  return {
    step: 'each panel',
    happened: `${on}: made with their addresses by the panels' own tasks`,
    addresses,
    workflowId: workflowIds.provisionService(orders.at(-1)?.id ?? ''),
  };
}
