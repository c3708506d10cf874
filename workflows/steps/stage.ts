import { setCurrentDetails, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { SearchAttributeUpdatePair } from '@temporalio/common';
import type { Reason } from '../domain/failure.ts';
import { searchAttributes } from '../contract.ts';
import type { RunRef } from '../../activities/ledger/records.ts';

/** What an operator sees of a run: the story so far in Markdown, and five search attributes. */
export interface Stage {
  /** The chain of runs, as it owns locks and orders. */
  readonly run: RunRef;
  /** One line of the story. */
  tell(line: string): void;
  /** What stands above the story, and is told anew as it changes. */
  shows(text: string): void;
  /** Names what the run is about; written with the next change of state, so that it costs no event of its own. */
  about(what: About): void;
  /** The run waits, and why. Shown at once. Orders side by side wait each for their own: `what` keeps them apart. */
  wait(reason: Reason, what?: string): void;
  /** It goes on; what else it waits for stays shown. Quietly: the state changes again in a moment, one event is enough. */
  goOn(what?: string, how?: 'quietly'): void;
  end(state: 'done' | 'failed'): void;
  /** Where what it waits for stands elsewhere too; nothing: it goes on. */
  note?(reason?: Reason): Promise<void>;
  readonly waitsFor: Reason | undefined;
}

export interface About {
  readonly integration?: string | null;
  readonly service?: string | null;
  readonly address?: string | null;
}

/** The newest lines are kept: details are read by people. */
const mostLines = 60;

export function openStage(title: string, subject: About): Stage {
  const info = workflowInfo();
  const lines: string[] = [];
  let about: About = subject;
  const waits = new Map<string, Reason>();
  let above = '';
  const waiting = () => [...waits.values()].at(-1);
  let shown = '';

  const publish = (state = stateOf(waiting())) => {
    const pairs = pairsOf(about, state, waiting());
    const text = JSON.stringify(pairs);
    // Each upsert is an event: only what changed is worth one.
    if (text !== shown) upsertSearchAttributes([...pairs]);
    shown = text;
  };
  const render = () =>
    setCurrentDetails(markdown(above === '' ? title : `${title}\n\n${above}`, [...waits.values()], lines));

  publish();
  render();
  return {
    run: { workflowId: info.workflowId, runId: info.firstExecutionRunId },
    tell(line) {
      lines.push(`- \`${new Date().toISOString().slice(11, 19)}\` ${line}`);
      if (lines.length > mostLines) lines.shift();
      render();
    },
    shows(text) {
      above = text;
      render();
    },
    about(more) {
      about = { ...about, ...more };
    },
    wait(reason, what = '') {
      waits.delete(what);
      waits.set(what, reason);
      publish();
      render();
    },
    goOn(what = '', how) {
      if (!waits.delete(what)) return;
      if (how !== 'quietly') publish();
      render();
    },
    end(state) {
      waits.clear();
      publish(state);
      render();
    },
    get waitsFor() {
      return waiting();
    },
  };
}

/** A plan that needs a person is a state of its own: what an operator filters for. */
function stateOf(waitsFor: Reason | undefined): string {
  if (waitsFor === undefined) return 'running';
  return waitsFor.code === 'needs-approval' ? 'needs-approval' : 'waiting';
}

function pairsOf(about: About, state: string, reason: Reason | undefined): readonly SearchAttributeUpdatePair[] {
  return [
    { key: searchAttributes.integration, value: about.integration ?? null },
    { key: searchAttributes.service, value: about.service ?? null },
    { key: searchAttributes.address, value: about.address ?? null },
    { key: searchAttributes.state, value: state },
    { key: searchAttributes.reason, value: reason?.code ?? null },
  ];
}

function markdown(title: string, waits: readonly Reason[], lines: readonly string[]): string {
  const head = waits.flatMap(({ code, message }) => [`**Waiting** (\`${code}\`): ${message}`, '']);
  return [`### ${title}`, '', ...head, ...lines].join('\n');
}
