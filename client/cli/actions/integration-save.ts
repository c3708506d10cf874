import type { IntegrationFields, IntegrationSecrets } from '../../../activities/ledger/settings.ts';
import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import { requireMasterKey } from '../../../worker/config.ts';
import { type PanelReport, probePanel } from '../../../worker/probe.ts';
import { changedIntegration, integrationFields } from '../../inputs/integration.ts';
import { integrationView } from '../../views/settings.ts';
import { type IntegrationFlags, integrationInput } from '../commands/integration-flags.ts';
import { refusal, usage } from '../errors.ts';
import { asksForSecrets, readSecrets } from '../passwords.ts';
import { integrationDetails, panelReport } from '../render/integration.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { knownIntegration } from './integration.ts';
import { tellNewPolicy, warnAboutAdministrator, warnAboutPolicy } from './policy-warning.ts';
import { scheduleWith } from './schedule.ts';

/** Adds an integration. The panel is asked first: one that cannot be reached or refuses the login is not saved. */
export async function addIntegration(session: Session, name: string, flags: IntegrationFlags): Promise<Outcome> {
  oneTrust(flags, 'iptally integration add');
  for (const needed of ['url', 'login'] as const) {
    if (flags[needed] === undefined) throw usage(`--${needed} is missing`, 'iptally integration add');
  }
  const fields = await integrationFields({ ...integrationInput(flags), name }, true);
  const { ledger } = await session.parts();
  const before = await ledger.settings.integrations.find(name);
  if (before !== undefined) throw refusal({ refused: 'exists', because: [name] }, { noun: 'integration', name });
  requireMasterKey(session.config); // before anybody is asked for what could not be kept
  warnAboutAdministrator(session, fields);
  const { password, adminPassword } = await readSecrets(flags, prompts(fields));
  const secrets = { password: password ?? '', adminPassword: adminPassword ?? null };
  const report = flags.test === false ? undefined : await tested(session, fields, secrets);

  const added = await ledger.settings.integrations.add(name, fields, secrets);
  if ('refused' in added) throw refusal(added, { noun: 'integration', name });
  if (report !== undefined) await ledger.settings.integrations.keepDialect(name, report.dialect);
  if (flags.timeZone === undefined) session.warn(`time zone: ${fields.timeZone}, that of this host`);
  warnAboutPolicy(session, fields);
  await scheduleWith(session, added);
  return saved(`integration ${name} is added`, { name, fields, added, report });
}

/** Changes an integration. What decides whether the panel answers is tested before it is saved. */
export async function editIntegration(session: Session, name: string, flags: IntegrationFlags): Promise<Outcome> {
  oneTrust(flags, 'iptally integration edit');
  const { ledger } = await session.parts();
  const before = await knownIntegration(ledger, name);
  const fields = await changedIntegration(before, integrationInput(flags, before.ignoredGroups), true);
  if (before.adminLogin !== fields.adminLogin) warnAboutAdministrator(session, fields);
  let opened: Promise<IntegrationSecrets> | undefined;
  const stored = (): Promise<IntegrationSecrets> => (opened ??= ledger.settings.integrations.secretsOf(name));
  const secrets = await newSecrets({ session, flags, before, fields, stored });
  const newAdminPassword = before.adminLogin === fields.adminLogin && typeof secrets.adminPassword === 'string';
  if (newAdminPassword) warnAboutAdministrator(session, fields);
  const asks = flags.test !== false && connectionDiffers({ before, fields, secrets });
  const report = asks ? await tested(session, fields, { ...(await stored()), ...secrets }) : undefined;

  const edited = await ledger.settings.integrations.edit(name, fields, secrets);
  if ('refused' in edited) throw refusal(edited, { noun: 'integration', name });
  if (report !== undefined) await ledger.settings.integrations.keepDialect(name, report.dialect);
  if (before.url !== fields.url || before.login !== fields.login) {
    session.warn('another panel or login: no plan was approved there yet, so the first one with changes waits for you');
  }
  if (flags.policy === undefined) tellNewPolicy(session, before, fields);
  if (before.policy !== fields.policy || before.adminLogin !== fields.adminLogin) warnAboutPolicy(session, fields);
  await scheduleWith(session, edited);
  return saved(`integration ${name} is changed`, { name, fields, added: edited, report });
}

/** What is another than before. The stored ones are opened only when some are given: most edits need no master key. */
async function newSecrets(edit: {
  readonly session: Session;
  readonly flags: IntegrationFlags;
  readonly before: IntegrationRecord;
  readonly fields: IntegrationFields;
  readonly stored: () => Promise<IntegrationSecrets>;
}): Promise<Partial<IntegrationSecrets>> {
  const { session, flags, before, fields, stored } = edit;
  const prompted = prompts(fields);
  const wanted = {
    ...(fields.login === before.login ? {} : { password: prompted.password }),
    ...(fields.adminLogin === before.adminLogin ? {} : { admin: prompted.admin }),
  };
  if (asksForSecrets(flags, wanted)) requireMasterKey(session.config);
  const given = await readSecrets(flags, { adminLogin: fields.adminLogin !== null, ...wanted });
  const away = fields.adminLogin === null ? { adminPassword: null } : {};
  if (given.password === undefined && given.adminPassword === undefined) return away;
  const old = await stored();
  const news = (['password', 'adminPassword'] as const).filter(
    (secret) => given[secret] !== undefined && given[secret] !== old[secret],
  );
  return { ...Object.fromEntries(news.map((secret) => [secret, given[secret]])), ...away };
}

function connectionDiffers(edit: {
  readonly before: IntegrationRecord;
  readonly fields: IntegrationFields;
  readonly secrets: Partial<IntegrationSecrets>;
}): boolean {
  const { before, fields, secrets } = edit;
  return (
    (['url', 'login', 'adminLogin', 'ca', 'pin', 'allowPlainHttp'] as const).some(
      (key) => before[key] !== fields[key],
    ) ||
    JSON.stringify(before.dialectOverrides) !== JSON.stringify(fields.dialectOverrides) ||
    typeof secrets.password === 'string' ||
    typeof secrets.adminPassword === 'string'
  );
}

function prompts(fields: IntegrationFields): { readonly password: string; readonly admin: string | undefined } {
  const { url, login, adminLogin } = fields;
  return {
    password: `Password of ${login} at ${url}`,
    admin: adminLogin === null ? undefined : `Password of the administrator ${adminLogin} at ${url}`,
  };
}

async function tested(session: Session, fields: IntegrationFields, secrets: IntegrationSecrets): Promise<PanelReport> {
  session.progress.say(`asking ${fields.url}`);
  return probePanel(fields, secrets);
}

function oneTrust(flags: IntegrationFlags, command: string): void {
  if (typeof flags.ca === 'string' && typeof flags.pin === 'string') {
    throw usage('--ca and --pin exclude each other: give one of them', command);
  }
}

function saved(
  what: string,
  it: {
    readonly name: string;
    readonly fields: IntegrationFields;
    readonly added: IntegrationRecord;
    readonly report: PanelReport | undefined;
  },
): Outcome {
  const view = integrationView({ ...it.added, dialect: it.report?.dialect ?? it.added.dialect });
  if (it.report === undefined) return { json: view, text: `${what}\n${integrationDetails(view)}` };
  const report = panelReport(it.name, it.fields, it.report);
  return { json: { ...view, test: report.json }, text: `${what}\n${report.text}` };
}
