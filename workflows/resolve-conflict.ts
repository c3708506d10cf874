import { continueAsNew } from '@temporalio/workflow';
import { workflowIds, type ResolveResult } from './contract.ts';
import { resolveConflictInput, type ResolveConflictInput } from './inputs/inputs.ts';
import { looking } from './steps/activity-profiles.ts';
import { accept } from './steps/input.ts';
import { interruptible } from './steps/interruption.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { failWith, untilClear } from './steps/waiting.ts';

/** `address resolve`: undoes the conflict mark; the holder's PTR and tag come back under the lock (design.md 3, step 5). */
export async function resolveConflict(raw: ResolveConflictInput): Promise<ResolveResult> {
  return interruptible(async () => {
    const stage = openStage('Resolve a conflict', {});
    try {
      const result = await story(raw, stage);
      stage.end('done');
      return result;
    } catch (error) {
      if (error instanceof StartOver) return continueAsNew<typeof resolveConflict>(raw);
      stage.end('failed');
      throw error;
    }
  });
}

async function story(raw: ResolveConflictInput, stage: Stage): Promise<ResolveResult> {
  const { address: ip } = accept(resolveConflictInput, raw, ({ address }) => workflowIds.resolveConflict(address));
  stage.about({ address: ip });
  const what = `bring the PTR and tag of ${ip} back`;
  // The integration's own request timeout is not known before the conflict is read: the default's is long enough.
  const answer = await untilClear(stage, { ms: 180_000, what }, () =>
    looking(90_000, what).resolveConflict(ip, stage.run),
  );
  if (answer.kind === 'refused') throw failWith(answer.failure);
  stage.tell(`${ip} is free of its conflict: PTR \`${answer.ptr ?? 'none'}\` of ${answer.service ?? 'nobody'} is back`);
  return { address: ip, service: answer.service, ptr: answer.ptr };
}
