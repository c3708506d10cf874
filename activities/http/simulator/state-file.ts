import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';

/** What a simulator keeps across restarts. */
export interface StateFile {
  /** Resolves when all that had changed by now is on disk. Calls made meanwhile share one write. */
  saved(): Promise<void>;
}

export interface StateSource {
  readonly file: string | undefined;
  /** Rises with every change: nothing is written when it did not move. */
  revision(): number;
  text(): string;
}

export function createStateFile(source: StateSource): StateFile {
  const { file } = source;
  let written = -1;
  let writing: Promise<void> | undefined;
  const write = async (path: string): Promise<void> => {
    const revision = source.revision();
    const draft = `${path}.${randomBytes(4).toString('hex')}`;
    await writeFile(draft, source.text(), { mode: 0o600 });
    await rename(draft, path); // whole or not at all
    written = revision;
  };
  const upTo = async (path: string, wanted: number): Promise<void> => {
    if (written >= wanted) return;
    writing ??= write(path).finally(() => {
      writing = undefined;
    });
    await writing;
    await upTo(path, wanted);
  };
  return {
    async saved() {
      if (file === undefined) return;
      await upTo(file, source.revision());
    },
  };
}

/** What an earlier run left, or nothing. A file that is not whole is a mistake to be seen, never an empty world. */
export function readState(file: string | undefined): unknown {
  if (file === undefined) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
