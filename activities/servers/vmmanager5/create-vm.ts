import { familyOf } from '../../../workflows/domain/address.ts';
import type { PanelClient } from '../../coremanager/client.ts';
import { notOnPanel } from '../coremanager-machines/failures.ts';
import type { Creation } from '../coremanager-machines/machine-panel.ts';
import { nobodysPassword } from '../nobodys-password.ts';
import { refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { serviceLabel } from '../service-label.ts';
import { hasTemplate, namedRows, presetSizes } from './panel-view.ts';
import { findOwner } from './vm-owner.ts';

export interface CreatingVm {
  readonly client: PanelClient;
  readonly settings: Readonly<Record<string, string>>;
  readonly service: ServiceOnServer;
  readonly main: string;
  readonly sent: () => void;
}

/**
 * Preset, template and user are looked up side by side before anything is made; then the user, if it is to be the
 * service's own; then the VM in one request (seen: reference 5.2; that `ip` names the address is inferred).
 */
export async function createVm(job: CreatingVm): Promise<Creation | ServerOutcome> {
  const { client, settings, service, main } = job;
  const { preset = '', template = '' } = settings;
  const [presets, known, users] = await Promise.all([
    namedRows(client, 'preset'),
    hasTemplate(client, template),
    namedRows(client, 'user'),
  ]);
  const row = presets.find(({ name }) => name === preset);
  if (row === undefined) return refused(notOnPanel('preset', preset));
  if (!known) return refused(notOnPanel('template', template));
  const sizes = await presetSizes(client, row.id);
  const owner = await findOwner(job, users);
  if ('kind' in owner) return owner;
  const password = nobodysPassword();
  const name = serviceLabel(service);
  const answer = await client.mutate({
    func: 'vm.edit',
    sok: 'ok',
    name,
    domain: service.domain,
    user: owner.id,
    preset: row.id,
    ...sizes,
    vmi: template,
    hostnode: settings['node'] ?? 'auto',
    family: familyOf(main),
    iptype: settings['group'] ?? 'public',
    ip: main,
    password,
    confirm: password,
  });
  return { name, answer, madeBeside: owner.made };
}
