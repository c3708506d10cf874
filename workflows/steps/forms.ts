import type { Opened, Plan } from '../../activities/opening.ts';
import { reading } from './activity-profiles.ts';
import type { Stage } from './stage.ts';
import { insist } from './waiting.ts';

/**
 * The panel's forms are read at first use, where the integration was added without a test. Orders that were sent before
 * wait for that, visibly; before there are any, a panel that cannot be read is an answer, and `unreadable` gives it.
 */
export async function withForms(
  stage: Stage,
  ask: () => Promise<Opened>,
  { needless, unreadable }: Told,
): Promise<Opened> {
  const opened = await ask();
  if (opened.kind !== 'plan' || !opened.integration?.unread || needless(opened)) return opened;
  const { name, requestTimeoutMs } = opened.integration;
  const what = `read the forms of ${name}`;
  const read = () => reading(requestTimeoutMs, what, 6).readDialect(name);
  if (opened.orders.length === 0) {
    try {
      await read();
    } catch (error) {
      // Nothing was begun yet: an answer now is worth more than a wait.
      await unreadable(error);
    }
    return ask();
  }
  if (mustAsk(opened)) await insist(stage, what, async () => ({ read: await read() }));
  return opened;
}

interface Told {
  /** The plan is an answer already. */
  readonly needless: (plan: Plan) => boolean;
  readonly unreadable: (error: unknown) => Promise<never>;
}

/** What is held needs nothing of the forms that it did not need before. */
function mustAsk({ orders }: Plan): boolean {
  return orders.some(({ kind }) => kind === 'open');
}
