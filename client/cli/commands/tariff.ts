import { noun, numeric, type Program } from '../program.ts';
import { run } from '../run.ts';

/** `iptally tariff …`: what a service may have. */
export function tariffCommands(program: Program): void {
  const tariff = noun(program, 'tariff', 'what services may have');
  const actions = () => import('../actions/tariff.ts');

  tariff
    .command('add')
    .description('add a tariff; without counts it gives one IPv4 address')
    .argument('<name>', 'its name')
    .option('--ipv4 <n>', 'IPv4 addresses of a service', numeric)
    .option('--ipv6 <n>', 'IPv6 addresses of a service', numeric)
    .option('--no-dedicated', 'no dedicated addresses at all')
    .option('--group <group>', "address group (default: by the service's kind)")
    .action((name, flags, command) =>
      run(command, async (session) => (await actions()).addTariff(session, name, flags)),
    );

  tariff
    .command('list')
    .description('all of them')
    .action((_flags, command) => run(command, async (session) => (await actions()).listTariffs(session)));

  tariff
    .command('show')
    .description('one of them')
    .argument('<name>')
    .action((name, _flags, command) => run(command, async (session) => (await actions()).showTariff(session, name)));

  tariff
    .command('edit')
    .description('change what is given; services that exist keep their addresses')
    .argument('<name>')
    .option('--ipv4 <n>', 'IPv4 addresses of a service', numeric)
    .option('--ipv6 <n>', 'IPv6 addresses of a service', numeric)
    .option('--dedicated', 'dedicated addresses again')
    .option('--no-dedicated', 'no dedicated addresses at all')
    .option('--group <group>', 'address group')
    .option('--no-group', "let the service's kind decide the group")
    .action((name, flags, command) =>
      run(command, async (session) => (await actions()).editTariff(session, name, flags)),
    );

  tariff
    .command('remove')
    .description('refused while a live service is under it')
    .argument('<name>')
    .action((name, _flags, command) => run(command, async (session) => (await actions()).removeTariff(session, name)));
}
