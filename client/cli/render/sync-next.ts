import { changesOf } from '../../../workflows/domain/plan.ts';
import { applies } from '../../../workflows/domain/policy.ts';
import type { SyncRunView } from '../../views/sync.ts';

/** What a person does next: whole commands, to be copied. */
export function nextStep(one: SyncRunView): readonly string[] {
  const { run, integration, checksum, state } = one;
  switch (state) {
    case 'needs-approval':
      return [
        `next: iptally sync approve ${run} --checksum ${checksum ?? ''}`,
        `  or: iptally sync reject ${run}   (it expires when the next nightly start is due)`,
      ];
    case 'running':
      return [`next: iptally sync show ${run}   (it goes on by itself)`];
    case 'planned':
      return planned(one);
    case 'applied':
      return applied(one);
    case 'refused':
      return refused(one);
    case 'rejected':
    case 'expired':
    case 'superseded':
      return [`next: iptally sync run ${integration} --dry-run   (plans anew)`];
    case 'failed':
      return [`next: mend what is told above, then iptally sync run ${integration}`];
  }
}

function planned({ integration, policy, verdict, counts }: SyncRunView): readonly string[] {
  if (changesOf(counts) === 0) return ['nothing to do'];
  if (!applies(policy)) {
    return [
      `next: iptally sync run ${integration} --policy owned   (the policy ${policy} applies nothing; ` +
        `"iptally integration edit ${integration} --policy …" changes it for the nights too)`,
    ];
  }
  const then = verdict === 'needs-approval' ? 'plans anew and waits for approval' : 'plans anew and applies it';
  return [`next: iptally sync run ${integration}   (${then})`];
}

function applied({ integration, counts, outcomes }: SyncRunView): readonly string[] {
  if (changesOf(counts) === 0) return ['nothing to do'];
  const left = changesOf(counts) - outcomes.done;
  if (left === 0) return [`${outcomes.done} done, nothing is left`];
  const tried = outcomes.failed + outcomes.denied + outcomes.changed;
  const untried = left - tried;
  const mend = tried > 0 ? 'mend what is told above, then ' : '';
  return [
    `${outcomes.done} done, ${left} left for the next run`,
    ...(untried > 0 ? [`${untried} of these are releases over the limit of one run (--release-limit)`] : []),
    `next: ${mend}iptally sync run ${integration}`,
  ];
}

function refused({ integration, reason }: SyncRunView): readonly string[] {
  if (reason?.code === 'remote-shrank' || reason?.code === 'ledger-shrank') {
    return [
      `next: see where the addresses went; if it is right so, iptally sync run ${integration} --policy observe ` +
        `makes today's numbers the new measure`,
    ];
  }
  return [`next: mend what is told above, then iptally sync run ${integration}`];
}
