import type {
  ModuleCapabilities,
  ServerConnection,
  ServerModule,
  ServerOutcome,
  ServiceOnServer,
} from '../server-module.ts';
import { asOutcome, asServerRead } from '../outcome.ts';
import { changeAddress } from './change-addresses.ts';
import { findGuest } from './find-guest.ts';
import { createPanelDesk, type Panel } from './panel.ts';
import { removeGuest } from './remove-guest.ts';
import { report } from './report.ts';
import { settingsOf, type Settings } from './settings.ts';
import { setUp } from './set-up.ts';
import { progressOf } from './tasks.ts';

/** One Proxmox VE cluster, asked at any of its nodes. */
export function createProxmoxVe(connection: ServerConnection, capabilities: ModuleCapabilities): ServerModule {
  const desk = createPanelDesk(connection);
  const settings = settingsOf(connection.settings);
  return {
    capabilities,
    setUp: (request) => asOutcome((sent) => setUp({ panel: desk.begin(), request, settings, sent })),
    addAddress: ({ service, ip }) =>
      asOutcome((sent) => changeAddress({ panel: desk.begin(), service, settings, ip, what: 'add', sent })),
    removeAddress: ({ service, ip }) =>
      asOutcome((sent) => changeAddress({ panel: desk.begin(), service, settings, ip, what: 'take-off', sent })),
    addressesOf: (service) => asServerRead(() => addressesOf(desk.begin(), service, settings)),
    remove: (service) => asOutcome(() => removeGuest(desk.begin(), service, settings)),
    progressOf: (task) => followed(() => progressOf(desk.begin(), task)),
    test: () => asServerRead(() => report(desk, settings)),
    close: () => desk.close(),
  };
}

/** A guest that is only being made carries none yet. */
async function addressesOf(
  panel: Panel,
  service: ServiceOnServer,
  settings: Settings,
): Promise<readonly string[] | undefined> {
  const found = await findGuest(panel, service, settings.vmids);
  if (found.kind === 'being-made') return [];
  return found.kind === 'ours' ? found.guest.listed.kind.addressesIn(found.guest.config) : undefined;
}

/** A look that the panel refused says nothing about the task: it is asked again. */
async function followed(look: () => Promise<ServerOutcome>): Promise<ServerOutcome> {
  const outcome = await asOutcome(look);
  return outcome.kind === 'refused' ? { kind: 'unknown', failure: outcome.failure } : outcome;
}
