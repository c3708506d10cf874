import { noun, type Program } from '../program.ts';
import { run } from '../run.ts';

/** `iptally address …`: the addresses of the ledger. */
export function addressCommands(program: Program): void {
  const address = noun(program, 'address', 'addresses of services');
  const reads = () => import('../actions/address.ts');
  const changes = () => import('../actions/address-change.ts');

  address
    .command('list')
    .description('all of them, in every state')
    .option('--service <id>', 'only those of this service')
    .option('--integration <name>', 'only those of this integration')
    .option('--state <state>', 'reserved, active, releasing, quarantined or released')
    .action((flags, command) => run(command, async (session) => (await reads()).listAddresses(session, flags)));

  address
    .command('show')
    .description('one of them with all that is known of it')
    .argument('<ip>')
    .action((ip, _flags, command) => run(command, async (session) => (await reads()).showAddress(session, ip)));

  address
    .command('add')
    .description('one more address for a service; ends as soon as it is reserved')
    .requiredOption('--service <id>', 'for which service')
    .option('--order <id>', 'id of the order: the same id never takes a second address (default: a fresh one)')
    .option('--family <family>', 'ipv4 or ipv6 (default ipv4)')
    .option('--address <ip>', 'this one and no other')
    .option('--ptr <name>', "its PTR (default: the service's domain)")
    .option('--no-wait', 'end as soon as the order is in Temporal')
    .action((flags, command) => run(command, async (session) => (await changes()).addAddress(session, flags)));

  address
    .command('history')
    .description('who had it, when, and why it left')
    .argument('<ip>')
    .action((ip, _flags, command) => run(command, async (session) => (await reads()).historyOf(session, ip)));

  releaseCommands(address);
  changeCommands(address);
}

type Noun = ReturnType<typeof noun>;

/** What gives an address back, or does not after all. */
function releaseCommands(address: Noun): void {
  const release = () => import('../actions/address-release.ts');

  address
    .command('release')
    .description('take it off its service and give it back')
    .argument('<ip>')
    .option('--reason <words>', 'why, for the history')
    .option('--no-wait', 'end as soon as the release is in Temporal')
    .action((ip, flags, command) =>
      run(command, async (session) => (await release()).releaseAddress(session, ip, flags)),
    );

  address
    .command('keep')
    .description('keep it after all, before it has gone back')
    .argument('<ip>')
    .action((ip, _flags, command) => run(command, async (session) => (await release()).keepAddress(session, ip)));
}

/** What changes an address where it is. */
function changeCommands(address: Noun): void {
  const changes = () => import('../actions/address-change.ts');

  address
    .command('ptr')
    .description('change its PTR')
    .argument('<ip>')
    .argument('<name>', 'the host name it points to')
    .option('--actor <actor>', 'who asks: operator, provisioning or customer:<id>', 'operator')
    .action(function changePtr(ip, ptr, { actor }) {
      return run(this, async (session) => (await changes()).changePtr(session, ip, { ptr, actor }));
    });

  address
    .command('resolve')
    .description("end a conflict: the holder's PTR and tag come back")
    .argument('<ip>')
    .action((ip, _flags, command) => run(command, async (session) => (await changes()).resolveConflict(session, ip)));

  address
    .command('protect')
    .description('never release it, whatever asks for that')
    .argument('<ip>')
    .action((ip, _flags, command) =>
      run(command, async (session) => (await changes()).protectAddress(session, ip, true)),
    );

  address
    .command('unprotect')
    .description('let it be released again')
    .argument('<ip>')
    .action((ip, _flags, command) =>
      run(command, async (session) => (await changes()).protectAddress(session, ip, false)),
    );
}
