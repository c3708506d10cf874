import { familyOf } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { childText } from '../../coremanager/tree.ts';
import { safeText } from '../../http/safe-text.ts';
import type { MachinePanel } from '../coremanager-machines/machine-panel.ts';
import { serviceLabel } from '../service-label.ts';
import { createVm } from './create-vm.ts';
import { addressesOfVm, administrator, listVms } from './panel-view.ts';
import { removeOwner } from './vm-owner.ts';

type Settings = Readonly<Record<string, string>>;

/** VMmanager 5 in the words of the shared steps (reference 5.2). The name of a VM comes from its service and proves it. */
export function vmPanel(client: PanelClient, settings: Settings, secrets: readonly string[]): MachinePanel {
  return {
    noun: 'VM',
    async machines() {
      await administrator(client);
      return listVms(client);
    },
    isOf: (vm, service) => vm.name === serviceLabel(service),
    addressesOf: (vm) => addressesOfVm(client, vm.id),
    /** `osinstalled` of the form is `off` until a system is installed (seen); that it stays so on failure is (inferred). */
    async installFailure(vm) {
      const form = await client.read({ func: 'vm.edit', elid: vm.id });
      if (childText(form, 'osinstalled')?.trim() !== 'off') return undefined;
      return vm.problem === '' ? 'no operating system is installed' : safeText(vm.problem, secrets);
    },
    create: (service, main, sent) => createVm({ client, settings, service, main, sent }),
    // That `ip` names the address is (inferred); empty or missing it would be automatic (seen).
    give: (vm, { ip, ptr }) =>
      client.mutate({
        func: 'iplist.edit',
        sok: 'ok',
        plid: vm.id,
        family: familyOf(ip),
        iptype: settings['group'] ?? 'public',
        ip,
        domain: ptr,
      }),
    take: (vm, { row }) => client.mutate({ func: 'iplist.delete', plid: vm.id, elid: row }),
    remove: (vm) => client.mutate({ func: 'vm.delete', elid: vm.id }),
    removeBeside: (service, sent) => removeOwner(client, service, sent),
  };
}
