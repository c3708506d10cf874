import { join } from 'node:path';
import type { Config } from '../../../worker/config.ts';
import { readJsonObject, writeJson } from '../../../worker/local/files.ts';
import { readStack } from '../../../worker/local/stack-file.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { scheduleWith } from '../actions/schedule.ts';
import { webUiLink } from '../../views/service.ts';
import { table } from '../render/table.ts';
import type { Outcome } from '../run.ts';
import { type Session, sessionOn } from '../session.ts';
import type { Told } from './desk.ts';
import { setUp } from './set-up.ts';
import { story } from './story.ts';

/** Which play this home is at, and whether it was played to its end: killed in the middle, the same one goes on. */
interface Mark {
  readonly play: number;
  readonly finished: boolean;
}

const fileIn = (home: string): string => join(home, 'demo.json');

function readMark(home: string): Mark | undefined {
  const { play, finished } = readJsonObject(fileIn(home)) ?? {};
  return typeof play === 'number' && typeof finished === 'boolean' ? { play, finished } : undefined;
}

/** `iptally demo`: once more, with fresh ids. */
export async function demo(session: Session): Promise<Outcome> {
  const { home } = session.config;
  if (readStack(home) === undefined) {
    throw new IptallyError({
      code: 'no-stack',
      message: `no stack runs in ${home}, and the demo is played on its simulators`,
      next: 'start it with "iptally up"; IPTALLY_HOME or --home names another home',
      exitStatus: 4,
    });
  }
  const mark = readMark(home);
  const play = mark === undefined ? 1 : mark.finished ? mark.play + 1 : mark.play;
  return played(session, play);
}

/** At the start of a stack: once per home. Later starts say what is there. */
export async function demoAtStart(session: Session, config: Config): Promise<void> {
  const mark = readMark(config.home);
  if (mark?.finished === true) {
    session.warn('the demo was played in this home: see "iptally service list"; "iptally demo" plays it again');
    return;
  }
  const own = sessionOn(config, session.json);
  try {
    const { text } = await played(own, mark?.play ?? 1);
    // With --json standard output has had its one document.
    (session.json ? process.stderr : process.stdout).write(`${text}\n`);
  } finally {
    await own.close();
  }
}

async function played(session: Session, play: number): Promise<Outcome> {
  const { home } = session.config;
  const stack = readStack(home);
  const { ledger } = await session.parts();
  const client = await session.client();
  writeJson(fileIn(home), { play, finished: false } satisfies Mark);
  const seats = await setUp(ledger, stack?.simulators ?? {});
  const known = await ledger.settings.integrations.find(seats.integration);
  if (known !== undefined) await scheduleWith(session, known);
  const say = (text: string): void => session.warn(`demo: ${text}`);
  const told: Told[] = [];
  try {
    for (const step of story) told.push(await step({ client, ledger, ...seats, play, say }));
  } finally {
    await Promise.all([seats.panel.close(), seats.billing.close()]);
  }
  writeJson(fileIn(home), { play, finished: true } satisfies Mark);
  const steps = told.map((one) => ({
    ...one,
    link: one.workflowId === null ? null : webUiLink(session.config, one.workflowId, one.runId),
  }));
  return { json: { play, steps }, text: shown(steps, seats.integration) };
}

function shown(steps: readonly (Told & { readonly link: string | null })[], integration: string): string {
  const rows = steps.map(({ step, happened, addresses }) => [step, happened, addresses.join(' ')]);
  const where = steps
    .filter(({ workflowId }) => workflowId !== null)
    .map(({ step, link, workflowId }) => [step, link ?? workflowId]);
  return [
    'what the demo did:',
    table(['STEP', 'WHAT HAPPENED', 'ADDRESSES'], rows),
    '',
    'where to look:',
    table(['STEP', 'STORY'], where),
    '',
    `and here: iptally address list · iptally address history IP · iptally service show ID · iptally sync runs ${integration}`,
  ].join('\n');
}
