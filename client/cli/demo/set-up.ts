import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { IntegrationFields, ServerFields } from '../../../activities/ledger/settings.ts';
import { modules } from '../../../worker/compose.ts';
import { openPanel, probePanel } from '../../../worker/probe.ts';
import { ipmanagerLogins, simulatorLogins } from '../../../worker/simulators.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import type { IpManager } from '../../../activities/ipmanager/ip-manager.ts';
import { integrationFields } from '../../inputs/integration.ts';
import { serverFields } from '../../inputs/server.ts';
import { tariffFields } from '../../inputs/tariff.ts';
import { refusal } from '../errors.ts';
import { names } from './desk.ts';
import { machineServers } from './machines.ts';

/** Preset of the hosting server that is there, and how a tired person wrote it. */
export const presets = { right: 'business', wrong: 'busines' } as const;

/** Two seats at the simulated panel, and what the ledger calls it. */
export interface Seats {
  readonly panel: IpManager;
  readonly billing: IpManager;
  readonly integration: string;
}

/** What the operator of a small hoster sets up first. What is there already stays as it is. */
export async function setUp(ledger: Ledger, simulators: Readonly<Record<string, string>>): Promise<Seats> {
  const { ipmanager, ispmanager } = simulators;
  if (ipmanager === undefined || ispmanager === undefined) {
    throw new IptallyError({
      code: 'no-simulators',
      message: 'the stack that runs has no simulators to play the demo on',
      next: 'start it with "iptally up"',
    });
  }
  const { password: billing } = simulatorLogins.ipmanager;
  const fields = await integrationFields(
    // A person is asked about every change: the demo shows it each time it is played.
    { name: 'ipmanager', url: ipmanager, login: 'billing', allowPlainHttp: true, askRows: 0, askPercent: 0 },
    true,
  );
  const integration = await addIntegration(ledger, fields, billing);
  const { vps, shared } = names.servers;
  await addServer(ledger, { name: vps, secret: null }, { module: 'external', integration });
  const { login, password } = simulatorLogins.ispmanager;
  const web = { module: 'ispmanager-business', integration, url: ispmanager, login, allowPlainHttp: true };
  await addServer(ledger, { name: shared, secret: password }, { ...web, settings: { preset: presets.right } });
  for (const { name, module, simulator, settings } of machineServers) {
    const url = simulators[simulator];
    if (url === undefined) continue;
    const { login: user, password: secret } = simulatorLogins[simulator];
    const machines = { module, integration, url, login: user, allowPlainHttp: true, settings };
    await addServer(ledger, { name, secret }, machines);
  }
  await addTariff(ledger, names.tariffs.vps, { ipv4: 1, ipv6: 1 });
  await addTariff(ledger, names.tariffs.web, { ipv4: 1 });
  return {
    panel: openPanel(fields, 'admin', ipmanagerLogins.admin),
    billing: openPanel(fields, 'billing', billing),
    integration,
  };
}

/** The name of the integration: somebody may have added the simulator under another one. */
async function addIntegration(ledger: Ledger, fields: IntegrationFields, password: string): Promise<string> {
  const name = 'ipmanager';
  const added = await ledger.settings.integrations.add(name, fields, { password, adminPassword: null });
  if ('refused' in added) {
    if (added.refused === 'exists') return name;
    if (added.refused === 'same-panel') return added.because[0] ?? name;
    throw refusal(added, { noun: 'integration', name });
  }
  const { dialect } = await probePanel(fields, { password, adminPassword: null });
  await ledger.settings.integrations.keepDialect(name, dialect);
  return name;
}

interface Wanted {
  readonly name: string;
  readonly secret: string | null;
}

async function addServer(ledger: Ledger, { name, secret }: Wanted, input: object): Promise<void> {
  const fields: ServerFields = await serverFields({ name, ...input }, modules(), true);
  const added = await ledger.settings.servers.add(name, fields, secret);
  if ('refused' in added && added.refused !== 'exists') throw refusal(added, { noun: 'server', name });
}

async function addTariff(ledger: Ledger, name: string, input: object): Promise<void> {
  const added = await ledger.settings.tariffs.add(name, tariffFields({ name, ...input }));
  if ('refused' in added && added.refused !== 'exists') throw refusal(added, { noun: 'tariff', name });
}
