#!/usr/bin/env node
// Runs on the host's Node, however old: TypeScript needs Node 24, which lies in node_modules/.bin (stack.md 9).
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const major = Number(process.versions.node.split('.')[0]);

if (major >= 24) {
  nodeModule.enableCompileCache();
  await import('./main.ts');
} else {
  runWithOurNode();
}

function runWithOurNode() {
  const node = join(here, '../../node_modules/.bin/node');
  if (!existsSync(node)) {
    process.stderr.write(`iptally needs Node 24 or newer, this is ${process.version}, and ${node} is not there.\n`);
    process.stderr.write('Run "npm ci" in its folder, then the same command again.\n');
    process.exitCode = 4;
    return;
  }
  const child = spawn(node, [join(here, 'iptally.mjs'), ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes, so the child may get it twice: it takes signals this close as one wish.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => child.kill(name));
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.code ?? error.message}\n`);
    process.exitCode = 4;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}
