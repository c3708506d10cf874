import { createPanelClient } from '../../coremanager/client.ts';
import { createMachineModule } from '../coremanager-machines/create-module.ts';
import { panelOptions } from '../panel-options.ts';
import type { ModuleCapabilities, ServerConnection, ServerModule } from '../server-module.ts';
import { vdsPanel } from './panel.ts';
import { report } from './report.ts';

/** Version 4: XML only, by POST, with login and password in every call, as its clients do (seen: reference 1.3, 5.1). */
export function createVdsManager4(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const { settings, login, secret } = connection;
  const client = createPanelClient({ ...panelOptions(connection), auth: 'authinfo' });
  client.setFormat('xml');
  return createMachineModule({
    capabilities,
    client,
    begin: () => vdsPanel(client.begin(), { owner: login ?? '', ...settings }, [secret ?? '']),
    test: () => report(client, settings),
  });
}
