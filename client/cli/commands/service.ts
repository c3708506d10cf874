import { noun, type Program } from '../program.ts';
import { run } from '../run.ts';

/** `iptally service …`: what customers ordered. */
export function serviceCommands(program: Program): void {
  const service = noun(program, 'service', 'what customers ordered');
  const actions = () => import('../actions/service.ts');

  service
    .command('provision')
    .description('allocate its addresses and set it up; ends as soon as the addresses are reserved')
    .argument('<id>', 'its id in the billing platform')
    .requiredOption('--kind <kind>', 'hosting, vps, dedicated, licence or other')
    .requiredOption('--domain <name>', 'its domain, the PTR of its addresses')
    .requiredOption('--server <name>', 'where it is set up')
    .requiredOption('--tariff <name>', 'what it may have')
    .option('--customer <id>', 'whose it is')
    .option('--no-wait', 'end as soon as the order is in Temporal')
    .action((id, flags, command) =>
      run(command, async (session) => (await actions()).provisionService(session, id, flags)),
    );

  service
    .command('list')
    .description('all of them')
    .option('--state <state>', 'only those in this state')
    .option('--server <name>', 'only those on this server')
    .action((flags, command) => run(command, async (session) => (await actions()).listServices(session, flags)));

  service
    .command('show')
    .description('one of them with its addresses')
    .argument('<id>')
    .action((id, _flags, command) => run(command, async (session) => (await actions()).showService(session, id)));

  service
    .command('remove')
    .description('give its addresses back, then remove it from its server')
    .argument('<id>')
    .option('--reason <words>', 'why, for the history')
    .option('--no-wait', 'end as soon as the removal is in Temporal')
    .action((id, flags, command) =>
      run(command, async (session) =>
        (await import('../actions/service-removal.ts')).removeService(session, id, flags),
      ),
    );

  service
    .command('retry')
    .description('try its set-up again, with the same addresses')
    .argument('<id>')
    .action((id, _flags, command) => run(command, async (session) => (await actions()).retryService(session, id)));

  service
    .command('abandon')
    .description('give up its set-up: its addresses go back')
    .argument('<id>')
    .action((id, _flags, command) => run(command, async (session) => (await actions()).abandonService(session, id)));

  service
    .command('set-up-finished')
    .description('report its set-up on a server of the module external')
    .argument('<id>')
    .option('--failed <reason>', 'it failed, and why')
    .option('--update-id <id>', 'id of this report, the same when it is repeated')
    .action((id, flags, command) => run(command, async (session) => (await actions()).reportSetUp(session, id, flags)));
}
