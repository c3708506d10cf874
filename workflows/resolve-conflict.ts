import { continueAsNew } from '@temporalio/workflow';
import { workflowIds, type ResolveResult } from './contract.ts';
import { resolveConflictInput, type ResolveConflictInput } from './inputs/inputs.ts';
import { ledger, looking } from './steps/activity-profiles.ts';
import { accept, shown } from './steps/input.ts';
import { interruptible } from './steps/interruption.ts';
import { openStage, type Stage } from './steps/stage.ts';
import { StartOver } from './steps/start-over.ts';
import { failWith, insist, untilClear } from './steps/waiting.ts';

/** `address resolve`: undoes the conflict mark; the holder's PTR and tag come back under the lock (design.md 3, step 5). */
export async function resolveConflict(raw: ResolveConflictInput): Promise<ResolveResult> {
  return interruptible(async () => {
    const address = shown(raw, 'address');
    const stage = openStage(`Resolve the conflict on ${address ?? 'an address'}`, { address });
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
  const look = await insist(stage, `look up the conflict on ${ip}`, () => ledger.lookForConflict(ip));
  if (look.kind === 'refused') throw failWith(look.failure);
  stage.about({ integration: look.integration, service: look.service });
  const what = look.mark ? `bring the PTR and tag of ${ip} back` : `give ${ip} back at ${look.integration}`;
  const answer = await untilClear(stage, { ms: look.fenceMs, what }, () =>
    looking(look.requestTimeoutMs, what, 4).resolveConflict(ip, stage.run),
  );
  if (answer.kind === 'refused') throw failWith(answer.failure);
  const { service, ptr, returned = [] } = answer;
  const back = look.mark ? [`PTR \`${ptr ?? 'none'}\` of ${service ?? 'nobody'} is back`] : [];
  const copies = returned.map((integration) => `it went back at ${integration}`);
  stage.tell(`${ip} is free of its conflict${[...back, ...copies].map((part) => `; ${part}`).join('')}`);
  return { address: ip, service, ptr, ...(returned.length === 0 ? {} : { returned }) };
}
