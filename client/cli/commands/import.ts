import type { Program } from '../program.ts';
import { run } from '../run.ts';

/** `iptally import`: what an installation has already (design.md 9). */
export function importCommand(program: Program): void {
  program
    .command('import')
    .description('take services and addresses that exist already: CSV with a header line, or JSON lines; - reads stdin')
    .argument('<file>')
    .option('--dry-run', 'check every row, import nothing')
    .option('--skip-bad', 'import the good lines, name the bad ones (default: all or nothing)')
    .option(
      '--restore-removed',
      'take services removed, and addresses given back, here since (default: such a line is bad)',
    )
    .action((file, flags, command) =>
      run(command, async (session) => (await import('../actions/import.ts')).importFile(session, file, flags)),
    );
}
