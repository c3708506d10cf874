/** The environment of a command that runs a module of this text before itself. */
function preloading(text: string): { readonly NODE_OPTIONS: string } {
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(text)}` };
}

/** A stream taken for a terminal, of as many colours as Node itself tells from the environment. */
export function onTerminal(stream: 'stdout' | 'stderr'): Readonly<Record<string, string>> {
  return preloading(`import { WriteStream } from 'node:tty';
    const { getColorDepth, hasColors } = WriteStream.prototype;
    Object.assign(process.${stream}, { isTTY: true, columns: 120, getColorDepth, hasColors });`);
}

/**
 * The command leaves its `/proc/self/status` in a file as it ends: with VmHWM, the most memory it ever had (Linux). Its heap
 * is small: a roomy one is collected late, and how much of it is garbage nobody can tell from outside.
 */
export function leavingStatus(file: string): Readonly<Record<string, string>> {
  const { NODE_OPTIONS } = preloading(`import { readFileSync, writeFileSync } from 'node:fs';
    process.on('exit', () => writeFileSync(${JSON.stringify(file)}, readFileSync('/proc/self/status')));`);
  return { NODE_OPTIONS: `${NODE_OPTIONS} --max-old-space-size=128 --max-semi-space-size=8` };
}
