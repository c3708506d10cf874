// Completes package-lock.json with the optional packages of other platforms that this machine's registry did not list.
// Without them `npm ci` stops elsewhere with "Missing: … from lock file". Run it after adding packages.
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));
const systems = [
  'linux',
  'darwin',
  'win32',
  'freebsd',
  'android',
  'openharmony',
  'wasi',
  'netbsd',
  'openbsd',
  'aix',
  'sunos',
];
const processors = ['x64', 'arm64', 'arm', 'ia32', 'riscv64', 's390x', 'ppc64', 'loong64', 'mips64el', 'wasm32'];
const wordsOf = (name) => name.split(/[/-]/);
let added = 0;

for (const [place, entry] of Object.entries(lock.packages)) {
  if (place === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const missing = `node_modules/${name}`;
    if (lock.packages[missing] || lock.packages[`${place}/node_modules/${name}`]) continue;
    const words = wordsOf(name);
    const os = systems.filter((system) => words.includes(system));
    const cpu = processors.filter((processor) => words.includes(processor));
    if (os.length === 0 && cpu.length === 0) continue;
    lock.packages[missing] = {
      version,
      ...(cpu.length > 0 ? { cpu } : {}),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
      ...(os.length > 0 ? { os } : {}),
    };
    added += 1;
  }
}
for (const [name, version] of Object.entries(lock.packages[''].optionalDependencies ?? {})) {
  const missing = `node_modules/${name}`;
  if (lock.packages[missing]) continue;
  const words = wordsOf(name);
  lock.packages[missing] = {
    version,
    cpu: processors.filter((processor) => words.includes(processor)),
    optional: true,
    os: systems.filter((system) => words.includes(system)),
  };
  added += 1;
}

lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(`completed package-lock.json: ${added} packages of other platforms added`);
