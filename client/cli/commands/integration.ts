import { noun, type Program } from '../program.ts';
import { run } from '../run.ts';
import { withIntegrationFlags, withRemovalFlags } from './integration-flags.ts';

/** `iptally integration …`: what each verb does lies in `actions/integration*.ts`, loaded when it is asked for. */
export function integrationCommands(program: Program): void {
  const integration = noun(program, 'integration', 'connections to IPmanagers');

  const add = integration.command('add').description('add an IPmanager: tests it first').argument('<name>', 'its name');
  withIntegrationFlags(add);
  add.action((name, _flags, command) =>
    run(command, async (session) => {
      const { addIntegration } = await import('../actions/integration-save.ts');
      return addIntegration(session, name, command.opts());
    }),
  );

  integration
    .command('list')
    .description('all of them')
    .action((_flags, command) =>
      run(command, async (session) => (await import('../actions/integration.ts')).listIntegrations(session)),
    );

  integration
    .command('show')
    .description('one of them with everything kept of it')
    .argument('<name>')
    .action((name, _flags, command) =>
      run(command, async (session) => (await import('../actions/integration.ts')).showIntegration(session, name)),
    );

  const edit = integration.command('edit').description('change what is given, keep the rest').argument('<name>');
  withIntegrationFlags(edit);
  withRemovalFlags(edit);
  edit.action((name, _flags, command) =>
    run(command, async (session) => {
      const { editIntegration } = await import('../actions/integration-save.ts');
      return editIntegration(session, name, command.opts());
    }),
  );

  integration
    .command('test')
    .description('ask the panel what it is and keep what was read; nothing is allocated')
    .argument('<name>')
    .action((name, _flags, command) =>
      run(command, async (session) => (await import('../actions/integration.ts')).testIntegration(session, name)),
    );

  integration
    .command('remove')
    .description('refused while orders are open, addresses are held or servers point to it')
    .argument('<name>')
    .action((name, _flags, command) =>
      run(command, async (session) => (await import('../actions/integration.ts')).removeIntegration(session, name)),
    );
}
