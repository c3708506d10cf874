import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { probePanel } from '../../../worker/probe.ts';
import { integrationView } from '../../views/settings.ts';
import { noSuch, refusal } from '../errors.ts';
import { integrationDetails, integrationTable, panelReport } from '../render/integration.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { scheduleWithout } from './schedule.ts';

export async function listIntegrations(session: Session): Promise<Outcome> {
  const { ledger } = await session.parts();
  const integrations = (await ledger.settings.integrations.list()).map(integrationView);
  return { json: { integrations }, text: integrationTable(integrations) };
}

export async function showIntegration(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const view = integrationView(await knownIntegration(ledger, name));
  return { json: view, text: integrationDetails(view) };
}

/** Reads version, rights and forms anew and keeps them. */
export async function testIntegration(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const record = await knownIntegration(ledger, name);
  session.progress.say(`asking ${record.url}`);
  const report = await probePanel(record, await ledger.settings.integrations.secretsOf(name));
  await ledger.settings.integrations.keepDialect(name, report.dialect);
  return panelReport(name, record, report);
}

export async function removeIntegration(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  await knownIntegration(ledger, name);
  const answer = await ledger.settings.integrations.remove(name);
  if (answer !== 'removed') throw refusal(answer, { noun: 'integration', name });
  await scheduleWithout(session, name);
  return { json: { name, removed: true }, text: `integration ${name} is removed` };
}

/** The integration, or the refusal that names those there are. */
export async function knownIntegration(ledger: Ledger, name: string): Promise<IntegrationRecord> {
  const found = await ledger.settings.integrations.find(name);
  if (found !== undefined) return found;
  const known = await ledger.settings.integrations.list();
  throw noSuch(
    'integration',
    name,
    known.map((one) => one.name),
  );
}
