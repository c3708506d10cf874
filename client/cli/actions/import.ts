import { createReadStream } from 'node:fs';
import type { BadLine, Imported, ImportProgress } from '../../../activities/ledger/import-store.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { errorCode } from '../../../worker/local/values.ts';
import { exitStatusOf } from '../../exit-status.ts';
import { checkedLines } from '../../import/checked-lines.ts';
import { rowsOf } from '../../import/rows.ts';
import { badLineText, importText } from '../render/import.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';

export interface ImportFlags {
  readonly dryRun?: true | undefined;
  readonly skipBad?: true | undefined;
  readonly restoreRemoved?: true | undefined;
}

/** What an import came to. `bad` is a part of a very long list; `counts.bad` counts lines. */
export interface ImportDocument {
  readonly file: string;
  readonly outcome: Imported['outcome'];
  readonly dryRun: boolean;
  readonly counts: {
    readonly lines: number;
    readonly bad: number;
    readonly services: Imported['services'];
    readonly addresses: Imported['addresses'];
  };
  readonly bad: readonly BadRow[];
  readonly badLeftOut: number;
}

interface BadRow {
  readonly line: number;
  readonly code: string;
  readonly field: string;
  readonly value: string;
  readonly accepted: string;
  readonly reason: string;
}

/** Problems in one document; people at a terminal and logs get every one on stderr. */
const mostBad = 10_000;

/** Takes services with their addresses from a file, all or nothing unless bad lines may be left out. */
export async function importFile(session: Session, file: string, flags: ImportFlags): Promise<Outcome> {
  const dryRun = flags.dryRun === true;
  const skipBad = flags.skipBad === true;
  const { ledger } = await session.parts();
  const bad = new BadLines(session);
  const imported = await ledger.imports.import({
    lines: checkedLines(rowsOf(file === '-' ? 'stdin' : file, bytesOf(file)), (lines) => bad.tellOwn(lines)),
    dryRun,
    skipBad,
    restoreRemoved: flags.restoreRemoved,
    badLines: () => bad.own,
    onBad: (lines) => bad.tell(lines),
    onProgress: (progress) => session.progress.say(progressText(progress)),
  });
  if (imported === 'another-runs') throw anotherRuns(file);
  const { services, addresses } = imported;
  const lines = imported.lines + bad.own;
  const nothing = lines > 0 && services.added + services.known === 0;
  const outcome = nothing ? 'refused' : imported.outcome;
  const document: ImportDocument = {
    file,
    outcome,
    dryRun,
    counts: { lines, bad: imported.bad + bad.own, services, addresses },
    bad: bad.kept,
    badLeftOut: bad.problems - bad.kept.length,
  };
  return { json: document, text: importText(document), exit: outcome === 'refused' ? 1 : 0 };
}

function anotherRuns(file: string): IptallyError {
  return new IptallyError({
    code: 'import-running',
    message: 'another import is being checked or written: nothing of this one was imported',
    field: 'file',
    value: file,
    next: 'wait until the other one has ended, then run the command again',
    exitStatus: exitStatusOf('import-running'),
  });
}

class BadLines {
  /** Lines that are bad by themselves. */
  own = 0;
  problems = 0;
  readonly kept: BadRow[] = [];
  readonly #session: Session;
  #last = '';

  constructor(session: Session) {
    this.#session = session;
  }

  tellOwn(bad: readonly BadLine[]): void {
    this.own += 1;
    this.tell(bad);
  }

  tell(bad: readonly BadLine[]): void {
    for (const { line, problem } of bad) {
      const said = JSON.stringify([line, problem]);
      // What is wrong with a line of many addresses is wrong with each of them.
      if (said === this.#last) continue;
      this.#last = said;
      this.problems += 1;
      if (this.kept.length < mostBad) this.kept.push({ line, ...problem });
      if (!this.#session.json) this.#session.warn(badLineText({ line, ...problem }));
    }
  }
}

/** The file as it comes. One that is not there is told before anything else is done. */
async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  const stream = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 18 });
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw new IptallyError({
      code: 'file-not-readable',
      message: `${file} cannot be read: ${errorCode(error) ?? 'unknown'}`,
      field: 'file',
      value: file,
      accepted: 'a file this user may read, or - for stdin',
      next: 'correct the path or the rights of the file, then run the command again; nothing was imported',
      exitStatus: 2,
    });
  }
}

function progressText({ phase, lines }: ImportProgress): string {
  const words = { reading: 'lines read', checking: 'lines are checked', writing: 'lines are written' } as const;
  return `${lines} ${words[phase]} …`;
}
