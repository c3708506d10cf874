import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const historiesFolder = join(dirname(fileURLToPath(import.meta.url)), 'histories');

/** A recorded run: what `historyToJSON` wrote, under `<workflow>-<scenario>.json`. */
export interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly history: unknown;
}

export function recordedHistories(): readonly Recorded[] {
  return readdirSync(historiesFolder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => {
      const { workflowId, history } = JSON.parse(readFileSync(join(historiesFolder, file), 'utf8')) as Recorded;
      return { name: basename(file, '.json'), workflowId, history };
    });
}
