import type { TariffRecord } from '../../../activities/ledger/records.ts';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { changedTariff, tariffFields } from '../../inputs/tariff.ts';
import { type TariffView, tariffView } from '../../views/settings.ts';
import { noSuch, refusal } from '../errors.ts';
import { details, table } from '../render/table.ts';
import { moment } from '../render/time.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';

interface TariffFlags {
  readonly ipv4?: number | string | undefined;
  readonly ipv6?: number | string | undefined;
  readonly dedicated?: boolean | undefined;
  readonly group?: string | false | undefined;
}

export async function addTariff(session: Session, name: string, flags: TariffFlags): Promise<Outcome> {
  const { ipv4, ipv6, dedicated, group } = flags;
  const fields = tariffFields({ name, ipv4, ipv6, dedicated, group: group || undefined });
  const { ledger } = await session.parts();
  const added = await ledger.settings.tariffs.add(name, fields);
  if ('refused' in added) throw refusal(added, { noun: 'tariff', name });
  return shown(added, `tariff ${name} is added`);
}

export async function listTariffs(session: Session): Promise<Outcome> {
  const { ledger } = await session.parts();
  const tariffs = (await ledger.settings.tariffs.list()).map(tariffView);
  const text =
    tariffs.length === 0
      ? 'no tariff yet: add one with "iptally tariff add NAME"'
      : table(
          ['NAME', 'DEDICATED', 'IPV4', 'IPV6', 'GROUP'],
          tariffs.map((one) => [one.name, one.dedicated ? 'yes' : 'no', one.ipv4, one.ipv6, groupOf(one)]),
        );
  return { json: { tariffs }, text };
}

export async function showTariff(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  return shown(await knownTariff(ledger, name));
}

export async function editTariff(session: Session, name: string, flags: TariffFlags): Promise<Outcome> {
  const { ledger } = await session.parts();
  const before = await knownTariff(ledger, name);
  const { ipv4, ipv6, dedicated, group } = flags;
  const change = { ipv4, ipv6, dedicated, group: group === false ? null : group };
  const edited = await ledger.settings.tariffs.edit(name, changedTariff(before, change));
  if ('refused' in edited) throw refusal(edited, { noun: 'tariff', name });
  return shown(edited, `tariff ${name} is changed`);
}

export async function removeTariff(session: Session, name: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  await knownTariff(ledger, name);
  const answer = await ledger.settings.tariffs.remove(name);
  if (answer !== 'removed') throw refusal(answer, { noun: 'tariff', name });
  return { json: { name, removed: true }, text: `tariff ${name} is removed` };
}

async function knownTariff(ledger: Ledger, name: string): Promise<TariffRecord> {
  const found = await ledger.settings.tariffs.find(name);
  if (found !== undefined) return found;
  const known = await ledger.settings.tariffs.list();
  throw noSuch(
    'tariff',
    name,
    known.map((one) => one.name),
  );
}

function shown(record: TariffRecord, what?: string): Outcome {
  const view = tariffView(record);
  const lines = details([
    ['name', view.name],
    ['dedicated addresses', view.dedicated ? `${view.ipv4} IPv4, ${view.ipv6} IPv6` : 'none'],
    ['group', groupOf(view)],
    ['added', moment(view.createdAt)],
  ]);
  return { json: view, text: what === undefined ? lines : `${what}\n${lines}` };
}

function groupOf(tariff: TariffView): string {
  return tariff.group ?? "by the service's kind";
}
