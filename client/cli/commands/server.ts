import { gathered, noun, type Program } from '../program.ts';
import { run } from '../run.ts';
import { withSecretFlags } from './integration-flags.ts';
import { withServerFlags } from './server-flags.ts';

/** As the registry has them; a test compares. The registry itself is loaded only when a command runs. */
const moduleNames = 'external, ispmanager-business, ispmanager-lite, proxmox-ve, vdsmanager4, vmmanager5 or vmmanager6';

/** `iptally server …`: what services are set up on. */
export function serverCommands(program: Program): void {
  const server = noun(program, 'server', 'what services are set up on');
  const actions = () => import('../actions/server.ts');
  const saving = () => import('../actions/server-save.ts');

  const add = server
    .command('add')
    .description('add a server: tests it first')
    .argument('<name>', 'its name')
    .requiredOption('--module <module>', `what runs there: ${moduleNames}`);
  withServerFlags(add);
  withSecretFlags(add);
  add.action((name, _flags, command) =>
    run(command, async (session) => (await saving()).addServer(session, name, command.opts())),
  );

  server
    .command('list')
    .description('all of them')
    .action((_flags, command) => run(command, async (session) => (await actions()).listServers(session)));

  server
    .command('show')
    .description('one of them')
    .argument('<name>')
    .action((name, _flags, command) => run(command, async (session) => (await actions()).showServer(session, name)));

  const edit = server.command('edit').description('change what is given, keep the rest').argument('<name>');
  withServerFlags(edit);
  withSecretFlags(edit);
  edit.option('--no-integration', 'its services get no addresses');
  edit.option('--unset <key>', 'take a setting of the module away; may be repeated', gathered);
  edit.option('--no-ca', 'trust what this machine trusts');
  edit.option('--no-pin', 'trust what this machine trusts');
  edit.option('--no-allow-plain-http', 'refuse plain http again');
  edit.action((name, _flags, command) =>
    run(command, async (session) => (await saving()).editServer(session, name, command.opts())),
  );

  server
    .command('test')
    .description('ask the server what it is and what is missing; nothing is changed')
    .argument('<name>')
    .action((name, _flags, command) => run(command, async (session) => (await actions()).testServer(session, name)));

  server
    .command('remove')
    .description('refused while a live service is on it')
    .argument('<name>')
    .action((name, _flags, command) => run(command, async (session) => (await actions()).removeServer(session, name)));
}
