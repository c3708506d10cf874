import { patched } from '@temporalio/workflow';
import type { Reason } from '../domain/failure.ts';
import { ledger } from './activity-profiles.ts';
import { patches } from './patches.ts';
import type { Stage } from './stage.ts';
import { insist } from './waiting.ts';

/**
 * A removal's stage also writes what it waits for to its service, where an operator looks first: once for each reason, and
 * that it is being removed when it goes on.
 */
export function notingRemoval(stage: Stage, raw: { readonly service: string; readonly reason: string }): Stage {
  let noted: string | undefined;
  return Object.assign(stage, {
    async note(reason?: Reason): Promise<void> {
      const { code, message } = reason ?? { code: 'removing', message: raw.reason };
      const text = `${code}: ${message}`;
      if (text === noted || (reason === undefined && noted === undefined)) return;
      if (!patched(patches.removalIsNoted)) return;
      const write = async () => ({ noted: await ledger.noteRemoval(raw.service, { code, message }, stage.run) });
      await insist(stage, 'note what the removal waits for', write);
      noted = text;
    },
  });
}
