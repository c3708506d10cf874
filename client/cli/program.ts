import { Command } from '@commander-js/extra-typings';
import { join } from 'node:path';
import { readJsonObject } from '../../worker/local/files.ts';
import { PROJECT } from '../../worker/local/home.ts';

/** The root of all commands, with the options every one of them has. */
export function createProgram() {
  return new Command('iptally')
    .description('Keeps the addresses of a hosting company in step between its billing side and its IPmanager.')
    .version(version(), '--version', 'print the version')
    .option('--json', 'print exactly one JSON document on stdout')
    .option('--home <folder>', 'the home of the embedded stack (IPTALLY_HOME)')
    .option('--temporal-address <host:port>', 'Temporal (TEMPORAL_ADDRESS)')
    .option('--namespace <name>', 'the namespace in Temporal (TEMPORAL_NAMESPACE)')
    .option('--master-key-file <file>', 'the key stored passwords are sealed with (IPTALLY_MASTER_KEY_FILE)')
    .helpOption('--help', 'say how it is used')
    .helpCommand(false)
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .showSuggestionAfterError(true)
    .exitOverride();
}

export type Program = ReturnType<typeof createProgram>;

function version(): string {
  const told = readJsonObject(join(PROJECT, 'package.json'))?.['version'];
  return typeof told === 'string' ? told : 'unknown';
}

/** A noun: without a verb it says which there are. */
export function noun(program: Program, name: string, description: string) {
  return program.command(name).description(description).helpCommand(false);
}

/** A number as it was typed; what is none stays a text, so that the schema refuses it with its own words. */
export function numeric(text: string): number | string {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

/** The same for a number that may have a fraction. */
export function decimal(text: string): number | string {
  return /^\d{1,15}(\.\d{1,6})?$/.test(text) ? Number(text) : text;
}

/** Gathers an option that may be given more than once. */
export function gathered(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
