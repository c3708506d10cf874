import type { PanelClient } from '../../coremanager/client.ts';
import { childText } from '../../coremanager/tree.ts';
import { safeText } from '../../http/safe-text.ts';
import type { Machine, MachinePanel } from '../coremanager-machines/machine-panel.ts';
import { done } from '../outcome.ts';
import { serviceLabel } from '../service-label.ts';
import { createVds } from './create-vds.ts';
import { mendPtr } from './mend-ptr.ts';
import { addressesOfVds, listVds, otherKey } from './panel-view.ts';

type Settings = Readonly<Record<string, string>>;

/**
 * VDSmanager 4 in the words of the shared steps (reference 5.1). A VDS is known by its main address, which may change, and
 * its name has to be a domain name (seen): the first label of ours comes from the service and proves it. `desc` is no
 * description but the number of open files (seen), so the label is the one field with words of ours.
 */
export function vdsPanel(client: PanelClient, settings: Settings, secrets: readonly string[]): MachinePanel {
  return {
    noun: 'VDS',
    machines: () => listVds(client, settings),
    isOf: (vds, service) => vds.name.toLowerCase().split('.')[0] === serviceLabel(service),
    addressesOf: (vds) => addressesOfVds(client, settings, vds),
    installFailure: async (vds) => (vds.problem === '' ? undefined : safeText(vds.problem, secrets)),
    create: (service, main) => createVds({ client, settings, service, main }),
    // `otherip` is a field of the form (seen); that it names the address is (inferred). `name` is its PTR (seen).
    async give(vds, { ip, ptr }) {
      const form = await client.read({ func: 'vds.ip.edit', plid: vds.id });
      const fields = { plid: vds.id, elid: '', ip: otherKey(form, ip), otherip: ip, ipcount: '', name: ptr };
      return client.mutate({ func: 'vds.ip.edit', sok: 'ok', ...fields });
    },
    take: (vds, { ip }) => client.mutate({ func: 'vds.ip.delete', sok: 'ok', plid: vds.id, elid: ip }),
    moveMain: async (vds, to) => {
      const fields = await formFields(client, vds);
      return client.mutate({ func: 'vds.edit', sok: 'yes', elid: vds.id, ...fields, ip: to });
    },
    finish: (vds, service, sent) => mendPtr({ client, settings, vds, service, sent }),
    remove: (vds) => client.mutate({ func: 'vds.delete', elid: vds.id }),
    removeBeside: async () => done, // nothing is made beside a VDS: it is its own login
  };
}

/** Sent back as read: version 4 takes a form as a whole (seen: reference 2.4). */
const kept = ['name', 'owner', 'disk', 'mem', 'bmem', 'cpu', 'ncpu', 'proc', 'desc', 'traf', 'chrate'] as const;

/** That a new `ip` in the form of a VDS moves its main address is (inferred). */
async function formFields(client: PanelClient, vds: Machine): Promise<Readonly<Record<string, string>>> {
  const form = await client.read({ func: 'vds.edit', elid: vds.id });
  const read = kept.map((name) => [name, childText(form, name)] as const);
  return Object.fromEntries(read.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
