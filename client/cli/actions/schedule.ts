import type { IntegrationRecord } from '../../../activities/ledger/records.ts';
import { asShown } from '../errors.ts';
import type { Session } from '../session.ts';

/**
 * The nightly schedule goes with its integration. The integration itself is saved by then, and a Temporal that does not
 * answer does not undo that: every worker brings the schedules in order, when it starts and every ten minutes, and `doctor` tells.
 */
export async function scheduleWith(session: Session, { name, timeZone }: IntegrationRecord): Promise<void> {
  await unlessUnreachable(session, `the nightly schedule of ${name} was not made or changed`, async (place) => {
    const { scheduleFollows } = await import('../../schedules.ts');
    await scheduleFollows(place, { name, timeZone });
  });
}

export async function scheduleWithout(session: Session, name: string): Promise<void> {
  await unlessUnreachable(session, `the nightly schedule of ${name} was not removed`, async (place) => {
    const { scheduleGoes } = await import('../../schedules.ts');
    await scheduleGoes(place, name);
  });
}

interface Place {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: Session['config']['temporalOptions'];
}

async function unlessUnreachable(
  session: Session,
  without: string,
  work: (place: Place) => Promise<void>,
): Promise<void> {
  const { temporalAddress: address, namespace, temporalOptions: connectionOptions } = session.config;
  const later = 'a worker does it within ten minutes, and "iptally doctor" tells how it stands';
  if (address === undefined) {
    session.warn(`warning: ${without}: no Temporal is known; ${later}`);
    return;
  }
  try {
    await work({ address, namespace, connectionOptions });
  } catch (error) {
    session.warn(`warning: ${without}: ${asShown(error).message}; ${later}`);
  }
}
