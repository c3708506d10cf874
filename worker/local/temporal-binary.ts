import { accessSync, constants, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { IptallyError } from '../iptally-error.ts';
import { waitForLock } from './lock.ts';
import {
  cacheFolder,
  fromCache,
  intoCache,
  makeCache,
  scratch,
  type TemporalBinary,
  versionOf,
} from './temporal-cache.ts';
import { type Source, SOURCES } from './temporal-sources.ts';
import { TEMPORAL_VERSION } from './versions.ts';

export type { TemporalBinary } from './temporal-cache.ts';

export interface FindOptions {
  readonly progress?: (text: string) => void;
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly version?: string;
  /** Ends a download or a build that runs when the start is called off. */
  readonly signal?: AbortSignal;
  /** For tests: other ways to get the binary. */
  readonly sources?: readonly Source[];
}

/** One way that was tried in vain. */
interface Tried {
  readonly name: string;
  readonly why: string;
  readonly remedy: string;
}

/**
 * Finds Temporal's server, or gets it: on PATH at the pinned version, in the cache, then by each source in turn.
 * Several processes may ask at the same time; one fetches, the others wait and find it in the cache.
 */
export async function findTemporal(options: FindOptions = {}): Promise<TemporalBinary> {
  const { progress = () => {}, env = process.env, version = TEMPORAL_VERSION, sources = SOURCES } = options;
  const { signal = new AbortController().signal } = options;
  const tried: Tried[] = [];
  const failed = (attempt: Tried): void => {
    tried.push(attempt);
    progress(`Temporal's server, ${attempt.name}: ${attempt.why}`);
  };

  const onPath = await fromPath(env['PATH'] ?? '', version);
  if (typeof onPath !== 'string') return onPath;
  const folder = cacheFolder(version, env);
  const cached = await fromCache(folder, version);
  if (typeof cached !== 'string') return cached;
  // Told only now: with a good copy at hand nobody needs to know where there was none.
  failed({ name: 'PATH', why: onPath, remedy: `put temporal ${version} on PATH` });
  failed({ name: 'cache', why: `${cached} (${folder})`, remedy: '' });

  makeCache(folder);
  const lock = await waitForLock(`${folder}.lock`, ({ pid }) => {
    progress(`Temporal's server: process ${pid} is fetching it, waiting for that`);
  });
  try {
    const meanwhile = await fromCache(folder, version);
    if (typeof meanwhile !== 'string') return meanwhile;
    for (const source of sources) {
      signal.throwIfAborted();
      const answer = await trySource(source, { folder, version, progress, signal });
      if (typeof answer !== 'string') return answer;
      failed({ name: source.name, why: answer, remedy: source.remedy });
    }
  } finally {
    lock.release();
  }
  throw notFound(version, tried);
}

async function fromPath(path: string, version: string): Promise<TemporalBinary | string> {
  for (const folder of path.split(delimiter).filter((part) => part !== '')) {
    const candidate = join(folder, 'temporal');
    try {
      accessSync(candidate, constants.X_OK);
    } catch {
      continue;
    }
    const says = await versionOf(candidate);
    if (says === version) return { path: candidate, version, source: 'PATH' };
    // One version per database file: another one is not taken, also when it might do. The first on PATH decides, as
    // it does in a shell.
    return `${candidate} is version ${says ?? 'unknown'}, needed is ${version}`;
  }
  return 'none there';
}

async function trySource(
  source: Source,
  where: Required<Pick<FindOptions, 'version' | 'progress' | 'signal'>> & { readonly folder: string },
): Promise<TemporalBinary | string> {
  const { folder, version, progress, signal } = where;
  progress(source.announce);
  const into = scratch(folder);
  try {
    const binary = await source.fetch({ into, version, signal });
    return await intoCache(binary, { folder, version, source: source.name });
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    rmSync(into, { recursive: true, force: true });
  }
}

function notFound(version: string, tried: readonly Tried[]): IptallyError {
  const remedies = tried.map(({ remedy }) => remedy).filter((remedy) => remedy !== '');
  return new IptallyError({
    code: 'temporal-not-found',
    message: `Temporal's server ${version} could not be found or fetched. ${tried.map(({ name, why }) => `${name}: ${why}`).join('; ')}.`,
    accepted: `temporal ${version}, or a Temporal cluster named by TEMPORAL_ADDRESS`,
    next: `One of these is enough: ${remedies.join('; ')}; or set TEMPORAL_ADDRESS to a Temporal that runs. Then start again.`,
    exitStatus: 4,
  });
}
