import type { PanelClient } from '../../coremanager/client.ts';
import { notOnPanel } from '../coremanager-machines/failures.ts';
import type { Creation } from '../coremanager-machines/machine-panel.ts';
import { nobodysPassword } from '../nobodys-password.ts';
import { refused } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { serviceLabel } from '../service-label.ts';
import { hasTemplate, presetSizes } from './panel-view.ts';

interface CreatingVds {
  readonly client: PanelClient;
  readonly settings: Readonly<Record<string, string>>;
  readonly service: ServiceOnServer;
  readonly main: string;
}

/** One request (seen: reference 5.1), after a look whether preset and template are there; `ip=ADDRESS` is (inferred). */
export async function createVds({ client, settings, service, main }: CreatingVds): Promise<Creation | ServerOutcome> {
  const { preset = '', template = '', owner = '' } = settings;
  const [sizes, known] = await Promise.all([presetSizes(client, preset), hasTemplate(client, settings, template)]);
  if (sizes === undefined) return refused(notOnPanel('preset', preset));
  if (!known) return refused(notOnPanel('template', template));
  const password = nobodysPassword();
  const name = vdsName(service);
  const answer = await client.mutate({
    func: 'vds.edit',
    sok: 'yes',
    id: 'auto',
    name,
    passwd: password,
    confirm: password,
    ip: main,
    vdspreset: preset,
    disktempl: template,
    ...sizes,
    owner,
  });
  return { name, answer, madeBeside: false };
}

/** A domain name, as the panel wants one: our label before as much of the service's domain as a name has room for. */
export function vdsName(service: ServiceOnServer): string {
  const label = serviceLabel(service);
  let domain = service.domain;
  while (label.length + 1 + domain.length > 253) domain = domain.slice(domain.indexOf('.') + 1);
  return `${label}.${domain}`;
}
