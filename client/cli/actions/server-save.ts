import type { ServerRecord } from '../../../activities/ledger/records.ts';
import type { ServerFields } from '../../../activities/ledger/settings.ts';
import type { ServerReport } from '../../../activities/servers/server-module.ts';
import { modules as serverModules } from '../../../worker/compose.ts';
import { requireMasterKey } from '../../../worker/config.ts';
import { probeServer } from '../../../worker/probe.ts';
import { changedServer, serverFields } from '../../inputs/server.ts';
import { serverView } from '../../views/settings.ts';
import { type ServerFlags, serverInput } from '../commands/server-flags.ts';
import { refusal, usage } from '../errors.ts';
import { asksForSecrets, readSecrets } from '../passwords.ts';
import { serverDetails, serverReport } from '../render/server.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { knownIntegration } from './integration.ts';
import { knownServer } from './server.ts';

/** Adds a server. Its panel, if it has one, is asked first: one that cannot be reached is not saved. */
export async function addServer(session: Session, name: string, flags: ServerFlags): Promise<Outcome> {
  oneTrust(flags, 'iptally server add');
  const modules = serverModules();
  const fields = await serverFields({ ...serverInput(flags), name, module: flags.module ?? '' }, modules, true);
  const { ledger } = await session.parts();
  const before = await ledger.settings.servers.find(name);
  if (before !== undefined) throw refusal({ refused: 'exists', because: [name] }, { noun: 'server', name });
  if (fields.integration !== null) await knownIntegration(ledger, fields.integration);
  if (fields.url !== null) requireMasterKey(session.config); // before anybody is asked for what could not be kept
  const secret = fields.url !== null ? await neededSecret(flags, fields) : null;
  const report = flags.test === false ? undefined : await tested(session, name, { fields, secret });

  const added = await ledger.settings.servers.add(name, fields, secret);
  if ('refused' in added) throw refusal(added, { noun: 'server', name });
  return saved(`server ${name} is added`, added, report);
}

/** Changes a server; what decides whether it answers is tested before it is saved. */
export async function editServer(session: Session, name: string, flags: ServerFlags): Promise<Outcome> {
  oneTrust(flags, 'iptally server edit');
  const modules = serverModules();
  const { ledger } = await session.parts();
  const before = await knownServer(ledger, name);
  const fields = await changedServer(before, serverInput(flags), { modules, trustPrivate: true });
  if (fields.integration !== null) await knownIntegration(ledger, fields.integration);
  const hasPanel = fields.url !== null;
  const wanted = fields.login === before.login ? {} : { password: prompt(fields) };
  if (hasPanel && asksForSecrets(flags, wanted)) requireMasterKey(session.config);
  const given = hasPanel ? (await readSecrets(flags, wanted)).password : undefined;
  const asks = flags.test !== false && hasPanel && (given !== undefined || connectionDiffers(before, fields));
  const secret = given ?? (asks ? await ledger.settings.servers.secretOf(name) : null);
  const report = asks ? await tested(session, name, { fields, secret }) : undefined;

  const edited = await ledger.settings.servers.edit(name, fields, given);
  if ('refused' in edited) throw refusal(edited, { noun: 'server', name });
  return saved(`server ${name} is changed`, edited, report);
}

async function neededSecret(flags: ServerFlags, fields: ServerFields): Promise<string | null> {
  return (await readSecrets(flags, { password: prompt(fields) })).password ?? null;
}

function prompt(fields: ServerFields): string {
  return `Password of ${fields.login ?? ''} at ${fields.url ?? ''}`;
}

function connectionDiffers(before: ServerRecord, fields: ServerFields): boolean {
  return (
    (['url', 'login', 'ca', 'pin', 'allowPlainHttp'] as const).some((key) => before[key] !== fields[key]) ||
    JSON.stringify(before.settings) !== JSON.stringify(fields.settings)
  );
}

async function tested(
  session: Session,
  name: string,
  { fields, secret }: { readonly fields: ServerFields; readonly secret: string | null },
): Promise<ServerReport> {
  session.progress.say(`asking ${fields.url ?? name}`);
  return probeServer(name, fields, secret);
}

function oneTrust(flags: ServerFlags, command: string): void {
  if (typeof flags.ca === 'string' && typeof flags.pin === 'string') {
    throw usage('--ca and --pin exclude each other: give one of them', command);
  }
}

function saved(what: string, record: ServerRecord, report: ServerReport | undefined): Outcome {
  const view = serverView(record);
  if (report === undefined) return { json: view, text: `${what}\n${serverDetails(view)}` };
  const shown = serverReport(record, report);
  return { json: { ...view, test: shown.json }, text: `${what}\n${serverDetails(view)}\n${shown.text}` };
}
