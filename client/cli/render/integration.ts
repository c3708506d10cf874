import { styleText } from 'node:util';
import type { IntegrationFields } from '../../../activities/ledger/settings.ts';
import type { PanelReport } from '../../../worker/probe.ts';
import type { IntegrationView } from '../../views/settings.ts';
import { details, table } from './table.ts';
import { moment } from './time.ts';

export function integrationTable(integrations: readonly IntegrationView[]): string {
  if (integrations.length === 0)
    return 'no integration yet: add one with "iptally integration add NAME --url U --login L"';
  return table(
    ['NAME', 'URL', 'LOGIN', 'ADMIN', 'POLICY', 'TIME ZONE', 'PANEL'],
    integrations.map((one) => [one.name, one.url, one.login, one.adminLogin, one.policy, one.timeZone, panelOf(one)]),
  );
}

function panelOf({ dialect, tagNotKept }: IntegrationView): string {
  if (tagNotKept) return 'gets no orders: it did not keep our tag';
  if (dialect === null) return 'not asked yet';
  return `${dialect.product} ${dialect.version ?? ''}${dialect.dummy ? ', no right to any address' : ''}`;
}

export function integrationDetails(one: IntegrationView): string {
  return details([
    ['name', one.name],
    ['url', one.url],
    ['login', one.login],
    ['admin login', one.adminLogin],
    ['certificate', trustOf(one)],
    ['policy', one.policy],
    ['ignored groups', one.ignoredGroups.join(', ')],
    ['time zone', one.timeZone],
    ['cool-down', one.coolDown],
    ['quarantine', one.quarantine],
    ['request timeout', one.requestTimeout],
    ['fence', one.fence],
    ['attempts', `${one.maxAttempts} requests, ${one.maxConflicts} conflicts an order`],
    ['on conflict', one.onConflict],
    ['sync', syncLine(one)],
    ['refused', `when a list fell by more than max(${one.shrinkRows}, ${one.shrinkPercent} %)`],
    ['asks', `when more than max(${one.askRows}, ${one.askPercent} %) of one kind are planned`],
    ['panel', panelOf(one)],
    ...(one.dialect === null ? [] : dialectLines(one.dialect)),
    ['added', moment(one.createdAt)],
  ]);
}

function syncLine({ confirmSightings, releaseLimit, tagImported }: IntegrationView): string {
  const nights = confirmSightings === 1 ? 'at first sight' : `after ${confirmSightings} nights`;
  const tags = tagImported ? 'tags imported addresses' : 'leaves imported addresses untagged';
  return `releases ${nights}, at most ${releaseLimit} a run; ${tags}`;
}

function trustOf({ ca, pin, url, allowPlainHttp }: Pick<IntegrationView, 'ca' | 'pin' | 'url' | 'allowPlainHttp'>) {
  if (url.startsWith('http:') && allowPlainHttp) return 'none: plain http is allowed';
  if (pin !== null) return `pinned ${pin}`;
  return ca === null ? 'what this machine trusts' : 'a certificate of its own (--ca)';
}

type Dialect = PanelReport['dialect'];

function dialectLines(dialect: Dialect): readonly (readonly [string, string | null])[] {
  return [
    ['groups', dialect.groups.join(', ')],
    ['families', dialect.families.join(', ')],
    ['tag', tagTravels[dialect.tagInAllocation]],
    ['gives back by', dialect.releaseFunction],
    ...(dialect.acting === undefined ? [] : [['administrator', actingLine(dialect.acting)] as const]),
    ['asked', moment(dialect.readAt)],
  ];
}

function actingLine({ login, asUser }: NonNullable<Dialect['acting']>): string {
  return asUser
    ? `${login} acts as the user (su)`
    : `${login} does not act as the user (su): nothing is tried under it`;
}

const tagTravels: Readonly<Record<Dialect['tagInAllocation'], string>> = {
  note: 'in the note, with the allocation',
  domain: 'in the domain first, then in the note',
  none: 'nowhere: this panel gets no orders (tag-not-kept)',
};

/** What the panel said of itself, and what to think of it. */
export function panelReport(
  name: string,
  fields: Pick<IntegrationFields, 'policy' | 'adminLogin' | 'url'>,
  { dialect, administrator }: PanelReport,
) {
  const warnings = warningsOf(fields, { dialect, administrator });
  const json = {
    name,
    url: fields.url,
    dialect,
    administrator:
      administrator === null
        ? null
        : { login: administrator.login, level: administrator.level, administrator: administrator.administrator },
    warnings,
  };
  const lines = details([
    ['panel', `${dialect.product} ${dialect.version ?? '(version not told)'} at ${fields.url}`],
    ['login', loginLine(dialect)],
    ...(administrator === null ? [] : [['admin login', loginLine(administrator)] as const]),
    ...dialectLines(dialect),
    ['kind', dialect.dummy ? 'dummy: the login has no right to any address' : 'gives addresses'],
  ]);
  const mark = styleText('yellow', 'warning:', { stream: process.stdout });
  return { json, text: [lines, ...warnings.map((text) => `${mark} ${text}`)].join('\n') };
}

function loginLine({ login, level, administrator }: Dialect): string {
  return `${login}, ${administrator ? 'administrator' : 'user'}${level === null ? '' : ` (level ${level})`}`;
}

function warningsOf(
  fields: Pick<IntegrationFields, 'policy' | 'adminLogin'>,
  { dialect, administrator }: PanelReport,
): readonly string[] {
  return [
    ...(dialect.administrator
      ? [`${dialect.login} is an administrator: it sees addresses of everybody; use a user of its own for orders`]
      : []),
    ...(fields.policy === 'all' && (dialect.administrator || fields.adminLogin !== null)
      ? ['addresses given out by hand in IPmanager will be released by the sync (policy all with an administrator)']
      : []),
    ...(administrator !== null && !administrator.administrator
      ? [`${administrator.login} is no administrator: the sync cannot act for other users`]
      : []),
    ...(dialect.acting?.asUser === false
      ? [
          `the panel does not let ${dialect.acting.login} act as ${dialect.login} (su): what that login may not do is not ` +
            'tried as administrator, and each sync lists it as denied',
        ]
      : []),
    ...(dialect.tagInAllocation === 'none'
      ? ['this panel keeps no note long enough for our tag: it gets no orders until it does']
      : []),
    ...(dialect.dummy
      ? ['orders through this integration answer that no address is given: the login has no right']
      : []),
  ];
}
