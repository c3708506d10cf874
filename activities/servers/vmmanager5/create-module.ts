import { beginCall } from '../../coremanager/begin-call.ts';
import { createPanelClient } from '../../coremanager/client.ts';
import { createMachineModule } from '../coremanager-machines/create-module.ts';
import type { ModuleCapabilities, ServerConnection, ServerModule } from '../server-module.ts';
import { vmPanel } from './panel.ts';
import { report } from './report.ts';

export function createVmManager5(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const client = createPanelClient({
    url: connection.url ?? '',
    login: connection.login ?? '',
    password: connection.secret ?? '',
    trust: connection.trust,
    requestTimeoutMs: connection.requestTimeoutMs,
  });
  const { settings, secret } = connection;
  return createMachineModule({
    capabilities,
    client,
    begin: () => vmPanel(beginCall(client), settings, [secret ?? '']),
    test: () => report(client, settings),
  });
}
