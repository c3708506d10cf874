import type { PanelClientOptions } from '../coremanager/client.ts';
import type { ServerConnection } from './server-module.ts';

/** How ISPsystem's panels are reached. What is not given is empty, and refused with the first call: `create` never throws. */
export function panelOptions(connection: ServerConnection): PanelClientOptions {
  const { url, login, secret, trust, requestTimeoutMs } = connection;
  return { url: url ?? '', login: login ?? '', password: secret ?? '', trust, requestTimeoutMs };
}
