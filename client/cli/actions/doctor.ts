import { styleText } from 'node:util';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { exitStatusOf } from '../../exit-status.ts';
import { checkHome, checkNode, checkTables, checkTemporal } from '../doctor/ground.ts';
import { checkLedgerState } from '../doctor/ledger-state.ts';
import { checkPanels } from '../doctor/panels.ts';
import { checkSyncs } from '../doctor/syncs.ts';
import { type Check, failed, ok } from '../doctor/check.ts';
import { table } from '../render/table.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';

/** Everything iptally needs, one check after the other: each says how it stands and what to do. */
export async function doctor(session: Session): Promise<Outcome> {
  const checks: Check[] = [];
  const add = async (what: string, look: () => Promise<readonly Check[]> | readonly Check[]): Promise<void> => {
    session.progress.say(`checking ${what}`);
    checks.push(...(await look()));
  };
  await add('Node', () => [checkNode()]);
  await add('the home', () => [checkHome(session.config)]);
  await add('the database', () => checkTables(session.config));
  const ledger = await openLedger(session, checks);
  await add('Temporal', () => checkTemporal(session));
  if (ledger !== undefined) {
    await add('panels', () => checkPanels(ledger, (text) => session.progress.say(text)));
    await add('the ledger', () => checkLedgerState(ledger));
    await add('syncs', () => checkSyncs(ledger, session.config));
  }
  const shown = checks.map(({ name, state, detail, next }) => ({ name, state, detail, next: next ?? null }));
  return { json: { checks: shown }, text: report(checks), exit: exitOf(checks) };
}

async function openLedger(session: Session, checks: Check[]): Promise<Ledger | undefined> {
  try {
    const { ledger } = await session.parts();
    const installation = await ledger.installation();
    checks.push(ok('ledger', `installation ${installation}`));
    return ledger;
  } catch (error) {
    checks.push(failed('ledger', error));
    return undefined;
  }
}

/** What cannot be reached weighs more than what is wrong: nothing after it could be looked at. So does a wrong setting. */
function exitOf(checks: readonly Check[]): 0 | 1 | 2 | 4 {
  const fails = checks.filter(({ state }) => state === 'fail');
  if (fails.length === 0) return 0;
  const statuses = fails.map(({ code }) => (code === undefined ? 1 : exitStatusOf(code)));
  return statuses.includes(2) ? 2 : statuses.includes(4) ? 4 : 1;
}

const colours = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function report(checks: readonly Check[]): string {
  const rows = checks.map(({ name, state, detail }) => [
    styleText(colours[state], state, { stream: process.stdout }),
    name,
    detail,
  ]);
  const todo = checks.flatMap(({ name, state, next }) =>
    state === 'ok' || next === undefined ? [] : [`  ${name}: ${next}`],
  );
  const rest = todo.length === 0 ? 'all is well' : `what to do:\n${todo.join('\n')}`;
  return `${table(['STATE', 'CHECK', 'DETAIL'], rows)}\n\n${rest}`;
}
