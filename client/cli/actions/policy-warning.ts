import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import type { IntegrationFields } from '../../../activities/ledger/settings.ts';
import type { Session } from '../session.ts';

/** The vendor's warning, where `all` is chosen: with rights over all addresses it reaches those given out by hand. */
export function warnAboutPolicy(session: Session, fields: Pick<IntegrationFields, 'adminLogin' | 'policy'>): void {
  if (fields.adminLogin === null || fields.policy !== 'all') return;
  session.warn(
    'warning: with an administrator login and the policy "all" the sync releases every address the ledger ' +
      'does not know, also those given out by hand in IPmanager. Use "owned" unless billing alone gives out addresses.',
  );
}

/** The same where an administrator's login or its password is entered, whatever the policy is. */
export function warnAboutAdministrator(session: Session, { adminLogin }: Pick<IntegrationFields, 'adminLogin'>): void {
  if (adminLogin === null) return;
  session.warn(
    `warning: the administrator login ${adminLogin} has rights over the addresses of everybody in IPmanager. The sync ` +
      'uses it for what its own login may not do; under the policy "owned" it gives back only what carries our tag, ' +
      'under "all" also addresses that were given out by hand.',
  );
}

/** A policy that nobody named, and that is another one now: what follows from an administrator login is said. */
export function tellNewPolicy(
  session: Session,
  before: Pick<IntegrationRecord, 'policy'>,
  fields: Pick<IntegrationFields, 'policy'>,
): void {
  if (before.policy === fields.policy) return;
  session.warn(
    `policy: ${fields.policy}, no longer ${before.policy}: with an administrator login "${before.policy}" is to be ` +
      `chosen on purpose (--policy ${before.policy})`,
  );
}
