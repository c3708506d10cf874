import { beginCall } from '../../coremanager/begin-call.ts';
import { createPanelClient } from '../../coremanager/client.ts';
import { createMachineModule } from '../coremanager-machines/create-module.ts';
import { panelOptions } from '../panel-options.ts';
import type { ModuleCapabilities, ServerConnection, ServerModule } from '../server-module.ts';
import { vmPanel } from './panel.ts';
import { report } from './report.ts';

export function createVmManager5(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const client = createPanelClient(panelOptions(connection));
  const { settings, secret } = connection;
  return createMachineModule({
    capabilities,
    client,
    begin: () => vmPanel(beginCall(client), settings, [secret ?? '']),
    test: () => report(client, settings),
  });
}
