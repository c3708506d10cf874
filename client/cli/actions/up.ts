import { resolve } from 'node:path';
import { type Config, readConfig } from '../../../worker/config.ts';
import { type RunningStack, type StackOutcome, startStack } from '../../../worker/local/stack.ts';
import type { StackFile } from '../../../worker/local/stack-file.ts';
import { externalTemporal } from '../../../worker/local/temporal-external.ts';
import { type EmbeddedDatabase, migrateEmbedded } from '../../../worker/migrations.ts';
import { simulatorLogins, startSimulators } from '../../../worker/simulators.ts';
import { registerSearchAttributes } from '../../search-attributes.ts';
import { asShown } from '../errors.ts';
import { details } from '../render/table.ts';
import { stackProgress } from '../render/stack-progress.ts';
import { type Outcome, show } from '../run.ts';
import type { Session } from '../session.ts';

export interface UpFlags {
  readonly demo: boolean;
  readonly worker: boolean;
}

/** The whole stack of this machine until a signal. In a home that runs already it starts nothing and shows the links. */
export async function up(session: Session, flags: UpFlags): Promise<Outcome | undefined> {
  const outcome = await started(session.config, flags);
  switch (outcome.kind) {
    case 'interrupted':
      return undefined;
    case 'already-running':
      return { json: outcome.stack, text: `this home runs already\n${links(outcome.stack, outcome.home)}` };
    case 'started':
      break;
  }
  const { stack } = outcome;
  const document = stack.describe();
  show({ json: document, text: `iptally is up\n${links(document, stack.home)}` }, session.json);
  if (flags.demo && flags.worker) await demoOnce(session, stackConfig(session.config, stack), stack.stopped);
  if (!session.json) process.stderr.write('Ctrl-C stops everything\n');
  await stack.stopped;
  return undefined;
}

async function started(config: Config, flags: UpFlags): Promise<StackOutcome> {
  const progress = await stackProgress(flags);
  try {
    return await startStack({
      home: config.home,
      env: envOf(config),
      reporter: progress,
      migrate: (database) => migrated(config, database),
      startSimulators,
      ...(flags.worker ? {} : { worker: false }),
    });
  } finally {
    await progress.end();
  }
}

/** The parts are told by their environment, which a flag overrules. */
function envOf({ masterKeyFile }: Config): Readonly<Record<string, string | undefined>> {
  if (masterKeyFile === undefined) return process.env;
  return { ...process.env, IPTALLY_MASTER_KEY_FILE: resolve(masterKeyFile) };
}

/** The ledger, and a Temporal run elsewhere: the local one is started with our search attributes. */
async function migrated(config: Config, database: EmbeddedDatabase): Promise<string> {
  const elsewhere = externalTemporal();
  if (elsewhere !== undefined) {
    await registerSearchAttributes({ ...elsewhere, connectionOptions: optionsOfEnvironment(config) });
  }
  return migrateEmbedded(database);
}

/** The stack's own parts, whatever else the environment names. */
function stackConfig(config: Config, stack: RunningStack): Config {
  const { databaseUrl, temporalAddress, namespace, webUi } = stack.describe();
  const { masterKeyFile } = stack;
  return {
    ...config,
    databaseUrl,
    temporalAddress,
    namespace,
    masterKeyFile,
    temporalOptions: optionsOfEnvironment(config),
    webUi: webUi ?? undefined,
  };
}

/** The Temporal of a stack is its own or the environment's, whatever server a flag names. */
function optionsOfEnvironment({ home }: Config): Config['temporalOptions'] {
  return readConfig({ home }).temporalOptions;
}

/** The demo must not take the stack down with it: what goes wrong is said, and it can be played again. */
async function demoOnce(session: Session, config: Config, stopped: Promise<void>): Promise<void> {
  const { demoAtStart } = await import('../demo/play.ts');
  const playing = demoAtStart(session, config).catch((error: unknown) => {
    const { message, next } = asShown(error);
    session.warn(`the demo was not played to its end: ${message}; ${next}. Play it again with "iptally demo"`);
  });
  // A signal in the middle stops the stack under the demo, which then has nothing left to say.
  await Promise.race([playing, stopped]);
}

function links(stack: StackFile, home: string): string {
  return details([
    ['Web UI', stack.webUi === null ? null : `${stack.webUi}/namespaces/${stack.namespace}/workflows`],
    ['Temporal', `${stack.temporalAddress}, namespace ${stack.namespace}`],
    ...(stack.api === undefined ? [] : [['API', stack.api] as const]),
    ...Object.entries(simulatorLogins).flatMap(([name, { login, password }]) => {
      const url = stack.simulators[name];
      return url === undefined ? [] : [[name, `${url} (simulated; login ${login}, password ${password})`] as const];
    }),
    ['home', home],
    ['next', 'npx iptally address list · npx iptally service list · npx iptally doctor'],
  ]);
}
