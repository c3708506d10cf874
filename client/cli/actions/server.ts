import type { ServerRecord } from '../../../activities/ledger/records.ts';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { probeServer } from '../../../worker/probe.ts';
import { serverView } from '../../views/settings.ts';
import { noSuch, refusal } from '../errors.ts';
import { serverDetails, serverReport, serverTable } from '../render/server.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';

export async function listServers(session: Session): Promise<Outcome> {
  const { ledger } = await session.parts();
  const servers = (await ledger.settings.servers.list()).map(serverView);
  return { json: { servers }, text: serverTable(servers) };
}

export async function showServer(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const view = serverView(await knownServer(ledger, name));
  return { json: view, text: serverDetails(view) };
}

export async function testServer(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const record = await knownServer(ledger, name);
  session.progress.say(`asking ${record.url ?? name}`);
  const report = await probeServer(name, record, await ledger.settings.servers.secretOf(name));
  return serverReport(record, report);
}

export async function removeServer(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  await knownServer(ledger, name);
  const answer = await ledger.settings.servers.remove(name);
  if (answer !== 'removed') throw refusal(answer, { noun: 'server', name });
  return { json: { name, removed: true }, text: `server ${name} is removed` };
}

/** The server, or the refusal that names those there are. */
export async function knownServer(ledger: Ledger, name: string): Promise<ServerRecord> {
  const found = await ledger.settings.servers.find(name);
  if (found !== undefined) return found;
  const known = await ledger.settings.servers.list();
  throw noSuch(
    'server',
    name,
    known.map((one) => one.name),
  );
}
