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
  /** Names what the run is about; written with the next change of state, so that it costs no event of its own. */
  about(what: About): void;
  /** The run waits, and why. Shown at once. */
  wait(reason: Reason): void;
  /** It goes on. */
  goOn(): void;
  end(state: 'done' | 'failed'): void;
  readonly waitsFor: Reason | undefined;
}

export interface About {
  readonly integration?: string | null;
  readonly service?: string | null;
  readonly address?: string | null;
}

/** The newest lines are kept: details are read by people. */
const mostLines = 60;

export function openStage(title: string, what: About): Stage {
  const info = workflowInfo();
  const lines: string[] = [];
  let about: About = what;
  let waiting: Reason | undefined;
  let shown = '';

  const publish = (state: string) => {
    const pairs = pairsOf(about, state, waiting);
    const text = JSON.stringify(pairs);
    // Each upsert is an event: only what changed is worth one.
    if (text !== shown) upsertSearchAttributes([...pairs]);
    shown = text;
  };
  const render = () => setCurrentDetails(markdown(title, waiting, lines));

  publish('running');
  render();
  return {
    run: { workflowId: info.workflowId, runId: info.firstExecutionRunId },
    tell(line) {
      lines.push(`- \`${new Date().toISOString().slice(11, 19)}\` ${line}`);
      if (lines.length > mostLines) lines.shift();
      render();
    },
    about(more) {
      about = { ...about, ...more };
    },
    wait(reason) {
      waiting = reason;
      publish('waiting');
      render();
    },
    goOn() {
      if (waiting === undefined) return;
      waiting = undefined;
      publish('running');
      render();
    },
    end(state) {
      waiting = undefined;
      publish(state);
      render();
    },
    get waitsFor() {
      return waiting;
    },
  };
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

function markdown(title: string, waiting: Reason | undefined, lines: readonly string[]): string {
  const head = waiting === undefined ? [] : [`**Waiting** (\`${waiting.code}\`): ${waiting.message}`, ''];
  return [`### ${title}`, '', ...head, ...lines].join('\n');
}
