import { readFileSync } from 'node:fs';

/** What a measured run, in a process of its own, took and what it found. */
export interface JobReport {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly found: Found;
}

export type Found = Readonly<Record<string, unknown>>;

export interface Job {
  readonly run: () => Promise<Found>;
  /** What is looked at afterwards, out of the measured time. */
  readonly told?: () => Promise<Found>;
  readonly end: () => Promise<unknown>;
}

/** Takes one order on this process's channel, measures its run, says what came of it there, and ends. */
export function answerOneOrder(prepare: (order: unknown) => Promise<Job>): void {
  process.once('message', (order: unknown) => {
    measure(prepare, order).then(
      (report) => process.send?.(report, () => process.exit(0)),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
}

async function measure(prepare: (order: unknown) => Promise<Job>, order: unknown): Promise<JobReport> {
  const job = await prepare(order);
  const before = process.cpuUsage();
  const begun = performance.now();
  const found = await job.run();
  const wallMs = performance.now() - begun;
  const { user, system } = process.cpuUsage(before);
  // VmHWM, not maxRSS, which may carry the parent's peak.
  const peak = /VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const told = await job.told?.();
  await job.end();
  return { wallMs, cpuMs: (user + system) / 1_000, peakMb: Number(peak ?? 0) / 1_024, found: { ...found, ...told } };
}
