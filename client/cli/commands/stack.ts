import type { Program } from '../program.ts';
import { run } from '../run.ts';

/** What starts, makes ready or checks iptally itself. */
export function stackCommands(program: Program): void {
  program
    .command('up')
    .description('the whole stack on this machine; goes on where it was left')
    .option('--no-demo', 'bring the empty stack')
    .option('--no-worker', 'leave the worker to be started apart')
    .action((flags, command) => run(command, async (session) => (await import('../actions/up.ts')).up(session, flags)));

  program
    .command('demo')
    .description('play the demo again on the stack that runs')
    .action((_flags, command) => run(command, async (session) => (await import('../demo/play.ts')).demo(session)));

  program
    .command('worker')
    .description('one worker, until it is told to stop; any number may run')
    .action((_flags, command) =>
      run(command, async (session) => (await import('../actions/worker.ts')).worker(session)),
    );

  program
    .command('migrate')
    .description("bring the ledger and Temporal's search attributes to this version")
    .action((_flags, command) =>
      run(command, async (session) => (await import('../actions/migrate.ts')).migrate(session)),
    );

  program
    .command('doctor')
    .description('check everything iptally needs and say what to do')
    .action((_flags, command) =>
      run(command, async (session) => (await import('../actions/doctor.ts')).doctor(session)),
    );
}
