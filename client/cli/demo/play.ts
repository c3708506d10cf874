import type { Config } from '../../../worker/config.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
export async function demo(_session: Session): Promise<Outcome> {
  throw new Error('later');
}
export async function demoAtStart(_session: Session, _config: Config): Promise<void> {}
