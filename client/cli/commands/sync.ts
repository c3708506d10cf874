import { noun, numeric, type Program } from '../program.ts';
import { run } from '../run.ts';

/** `iptally sync …`: both lists compared, and what differs mended. */
export function syncCommands(program: Program): void {
  const sync = noun(program, 'sync', "compare the ledger with IPmanager's list and mend what differs");
  const runs = () => import('../actions/sync-run.ts');
  const reads = () => import('../actions/sync-show.ts');

  sync
    .command('run')
    .description('one sync now; stops waiting when its plan needs approval (exit status 3)')
    .argument('<name>', 'the integration')
    .option('--dry-run', 'plan only')
    .option('--policy <policy>', "instead of the integration's own, for this run: observe, owned or all")
    .option('--no-wait', 'end as soon as the run has begun')
    .action((name, flags, command) => run(command, async (session) => (await runs()).runSync(session, name, flags)));

  sync
    .command('runs')
    .description('the last syncs of an integration, newest first')
    .argument('<name>', 'the integration')
    .option('--limit <n>', 'how many (default 20)', numeric)
    .action((name, flags, command) => run(command, async (session) => (await reads()).listRuns(session, name, flags)));

  sync
    .command('show')
    .description('one sync with its plan')
    .argument('<run>')
    .option('--all', 'every row of the plan')
    .option('--limit <n>', 'rows of the plan (default 100)', numeric)
    .option('--after <ip>', 'rows after this address')
    .action((id, flags, command) => run(command, async (session) => (await reads()).showRun(session, id, flags)));

  sync
    .command('approve')
    .description('apply a plan that waits, exactly as it was shown')
    .argument('<run>')
    .requiredOption('--checksum <checksum>', 'the checksum it was shown with')
    .option('--no-wait', 'end as soon as the approval is taken')
    .action((id, flags, command) => run(command, async (session) => (await runs()).approveRun(session, id, flags)));

  sync
    .command('reject')
    .description('end a plan that waits; nothing of it is applied')
    .argument('<run>')
    .action((id, _flags, command) => run(command, async (session) => (await runs()).rejectRun(session, id)));
}
