import { type ChildProcess, fork } from 'node:child_process';
import type { BenchLedger } from './ledger.ts';
import type { JobReport } from './one-run.ts';
import { treeCpuMs } from './proc.ts';

export interface Bench {
  readonly ledger: BenchLedger;
  readonly folder: string;
  readonly postgresPid: number;
  readonly temporalAddress: string;
}

export interface Measured extends JobReport {
  /** This process, PostgreSQL and nothing else. */
  readonly totalCpuMs: number;
}

/** What every run is told, whatever it does. */
interface Place {
  readonly databaseUrl: string;
  readonly migrationUrl: string;
  readonly masterKeyFile: string;
  readonly temporalAddress: string;
}

/** One run of a program of the bench, in a process of its own. */
export async function measured<Order>(
  bench: Bench,
  program: './job.ts' | './import-job.ts',
  order: Omit<Order, keyof Place>,
): Promise<Measured> {
  const { applicationUrl: databaseUrl, migrationUrl, masterKeyFile } = bench.ledger;
  const place: Place = { databaseUrl, migrationUrl, masterKeyFile, temporalAddress: bench.temporalAddress };
  const before = treeCpuMs(bench.postgresPid);
  const child = fork(new URL(program, import.meta.url), {
    execArgv: ['--max-old-space-size=256', '--max-semi-space-size=16', '--disable-warning=ExperimentalWarning'],
  });
  child.send({ ...order, ...place });
  const report = await answerOf<JobReport>(child);
  return { ...report, totalCpuMs: report.cpuMs + treeCpuMs(bench.postgresPid) - before };
}

export async function answerOf<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((settle, fail) => {
    child.once('message', (answer) => settle(answer as Answer));
    child.once('exit', (code) => fail(new Error(`a process of the bench ended with ${code}`)));
  });
}
