import { CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { usage } from './errors.ts';
import { createProgram, type Program } from './program.ts';
import { showError } from './run.ts';
import { addressCommands } from './commands/address.ts';
import { integrationCommands } from './commands/integration.ts';
import { serverCommands } from './commands/server.ts';
import { serviceCommands } from './commands/service.ts';
import { stackCommands } from './commands/stack.ts';
import { importCommand } from './commands/import.ts';
import { syncCommands } from './commands/sync.ts';
import { tariffCommands } from './commands/tariff.ts';

/** Reads the command line and runs the one command it names. */
async function main(argv: readonly string[]): Promise<void> {
  const program = createProgram();
  let words = '';
  // Commander writes and ends the process by itself; with --json its words belong into the document.
  const quiet = argv.includes('--json');
  program.configureOutput({
    writeErr: (text) => {
      if (quiet) words += text;
      else process.stderr.write(text);
    },
  });
  for (const add of [
    stackCommands,
    integrationCommands,
    serverCommands,
    tariffCommands,
    serviceCommands,
    addressCommands,
    syncCommands,
    importCommand,
  ]) {
    add(program);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    endUsage(error, { command: commandIn(program, argv), words, json: quiet });
  }
}

/** The command that was meant, as far as its words are known. */
function commandIn(program: Program, argv: readonly string[]): string {
  let here: { readonly commands: readonly CommandUnknownOpts[] } = program;
  const words = [program.name()];
  for (const word of argv.filter((one) => !one.startsWith('-'))) {
    const next = here.commands.find((command) => command.name() === word);
    if (next === undefined) break;
    words.push(word);
    here = next;
  }
  return words.join(' ');
}

/** `--help` and `--version` are answers; everything else commander ends with is a wrong use. */
function endUsage(
  error: CommanderError,
  { command, words, json }: { readonly command: string; readonly words: string; readonly json: boolean },
): void {
  if (error.exitCode === 0) return;
  process.exitCode = 2;
  if (json) {
    const said = error.code === 'commander.help' ? 'a command is missing' : firstLine(words) || error.message;
    showError(usage(said, command), true);
  } else if (error.code !== 'commander.help') process.stderr.write(`next: see ${command} --help\n`);
}

function firstLine(text: string): string {
  return text.split('\n').find((line) => line.trim() !== '') ?? '';
}

await main(process.argv.slice(2));
// Nothing is left to do; a connection that does not close in time must not keep the command from ending.
setTimeout(() => process.exit(), 3_000).unref();
