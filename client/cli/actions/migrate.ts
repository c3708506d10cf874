import { requireDatabase } from '../../../worker/config.ts';
import { migrateLedger } from '../../../worker/migrations.ts';
import { registerSearchAttributes } from '../../search-attributes.ts';
import { asShown } from '../errors.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';

/** The ledger first; Temporal too where it is reachable. Without Temporal the ledger is migrated all the same. */
export async function migrate(session: Session): Promise<Outcome> {
  const { config } = session;
  requireDatabase(config);
  session.progress.say('migrating the ledger');
  const { applied, already } = await migrateLedger(config);
  const registered = await searchAttributesIn(session);
  const ledger =
    applied.length === 0 ? `the ledger is up to date (${already.length} migrations)` : `applied ${applied.join(', ')}`;
  const temporal =
    registered === null
      ? 'Temporal was not reached: run this again once it is there'
      : registered.length === 0
        ? 'Temporal knows all search attributes'
        : `registered ${registered.join(', ')} in namespace ${config.namespace}`;
  return { json: { applied, already, searchAttributes: registered }, text: `${ledger}\n${temporal}` };
}

async function searchAttributesIn({ config, warn }: Session): Promise<readonly string[] | null> {
  const { temporalAddress: address, namespace, temporalOptions: connectionOptions } = config;
  if (address === undefined) return null;
  try {
    return await registerSearchAttributes({ address, namespace, connectionOptions });
  } catch (error) {
    const { message, next } = asShown(error);
    warn(`warning: search attributes were not registered: ${message}; ${next}`);
    return null;
  }
}
