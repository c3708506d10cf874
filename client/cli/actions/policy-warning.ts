import type { IntegrationFields } from '../../../activities/ledger/settings.ts';
import type { Session } from '../session.ts';

/** The vendor's warning: with rights over all addresses `all` reaches those that people gave out by hand. */
export function warnAboutPolicy(session: Session, fields: Pick<IntegrationFields, 'adminLogin' | 'policy'>): void {
  if (fields.adminLogin === null || fields.policy !== 'all') return;
  session.warn(
    'warning: with an administrator login and the policy "all" the sync releases every address the ledger ' +
      'does not know, also those given out by hand in IPmanager. Use "owned" unless billing alone gives out addresses.',
  );
}
