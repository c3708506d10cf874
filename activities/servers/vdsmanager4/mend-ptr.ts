import type { PanelClient } from '../../coremanager/client.ts';
import type { Machine } from '../coremanager-machines/machine-panel.ts';
import { done, mutationOutcome } from '../outcome.ts';
import type { ServerOutcome, ServiceOnServer } from '../server-module.ts';
import { ptrOfMain } from './panel-view.ts';

interface Mending {
  readonly client: PanelClient;
  readonly settings: Readonly<Record<string, string>>;
  readonly vds: Machine;
  readonly service: ServiceOnServer;
  readonly sent: () => void;
}

/**
 * The name of a VDS becomes the PTR of its main address, where the panel has an IPmanager of its own (inferred): our label
 * is no name for the world, so it is replaced by the service's domain. Only where the panel shows it so; and a panel that
 * does not want to loses nothing by it.
 */
export async function mendPtr({ client, settings, vds, service, sent }: Mending): Promise<ServerOutcome> {
  if ((await ptrOfMain(client, settings, vds)) !== vds.name) return done;
  const answer = await client.mutate({
    func: 'vds.ip.edit',
    sok: 'ok',
    plid: vds.id,
    elid: vds.id,
    name: service.domain,
  });
  if (answer.kind === 'ok') sent();
  return answer.kind === 'ok' || answer.kind === 'refused' ? done : mutationOutcome(answer);
}
