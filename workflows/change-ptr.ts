import { allHandlersFinished, condition, continueAsNew, setHandler } from '@temporalio/workflow';
import { ptrChangedUpdate, workflowIds, type PtrResult } from './contract.ts';
import type { Failure } from './domain/failure.ts';
import { check } from './inputs/check.ts';
import { changePtrInput, type ChangePtr, type ChangePtrInput } from './inputs/inputs.ts';
import { ledger, looking } from './steps/activity-profiles.ts';
import { openAnswer } from './steps/answer.ts';
import { accept, insistOnId, shown } from './steps/input.ts';
import { interruptible } from './steps/interruption.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { failWith, insist, untilClear } from './steps/waiting.ts';

/**
 * Under the address's lock: holder and customer checked again, the wanted PTR recorded, written, read back. The lock is
 * kept until an unknown outcome has become clear (design.md 3). Seconds long, so a cancel lets it end.
 */
export async function changePtr(raw: ChangePtrInput): Promise<PtrResult> {
  const answer = openAnswer<PtrResult>();
  return interruptible(async () => {
    const address = shown(raw, 'address');
    const stage = openStage(`Change the PTR of ${address ?? 'an address'}`, { address });
    setHandler(ptrChangedUpdate, () => answer.get(), {
      description: 'answers once the PTR is written and read back; another PTR is refused while this one runs',
      validator: (sent?: unknown) => refuseOther(raw, sent),
    });
    try {
      const result = await story(raw, stage);
      answer.give(result);
      stage.end('done');
      await condition(allHandlersFinished);
      return result;
    } catch (error) {
      if (error instanceof StartOver) return continueAsNew<typeof changePtr>(raw);
      answer.fail(error instanceof Error ? error : new Error('failed'));
      stage.end('failed');
      await condition(allHandlersFinished);
      throw error;
    }
  });
}

async function story(raw: ChangePtrInput, stage: Stage): Promise<PtrResult> {
  const { address: ip, ptr, actor } = accept(changePtrInput, raw, ({ address }) => workflowIds.changePtr(address));
  stage.about({ address: ip });
  const change = { ip, ptr, actor, run: stage.run };
  const begun = await insist(stage, `lock ${ip}`, () => ledger.beginPtrChange(change));
  if (begun.kind === 'refused') throw failWith(begun.failure);
  const { target, before, requestTimeoutMs } = begun;
  stage.about({ service: begun.service, integration: target.integration });
  const what = `set the PTR of ${ip} to ${ptr} and read it back`;
  const written = await untilClear(stage, { ms: target.fenceMs, what }, () =>
    looking(requestTimeoutMs, what, 4).writePtr(target),
  );
  if (written.kind === 'refused') {
    await insist(stage, 'take the change back', async () => ({ done: await ledger.revertPtr(ip, before, stage.run) }));
    throw failWith(written.failure);
  }
  stage.tell(`PTR of **${ip}** is \`${ptr}\` (before: ${before ?? 'none'})`);
  return { address: ip, ptr, before };
}

function refuseOther(raw: ChangePtrInput, sent: unknown): void {
  if (sent === undefined || sent === null) return;
  const [one, other] = [check(changePtrInput, raw, 'changePtr'), check(changePtrInput, sent, 'changePtr')];
  if (!other.ok) throw failWith(other.failure);
  insistOnId(workflowIds.changePtr(other.value.address));
  if (!one.ok) return;
  const field = (['ptr', 'actor'] as const).find((name) => one.value[name] !== other.value[name]);
  if (field !== undefined) throw failWith(running(one.value, field));
}

function running({ address, ptr, actor }: ChangePtr, field: 'ptr' | 'actor'): Failure {
  const by = field === 'actor' ? ` by ${actor}` : '';
  return {
    code: 'ptr-change-running',
    message: `the PTR of ${address} is being changed to ${ptr}${by}`,
    field,
    value: field === 'actor' ? actor : ptr,
    next: 'wait until that change has ended, then send yours again',
  };
}
