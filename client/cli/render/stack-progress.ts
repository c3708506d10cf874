import type { ListrDefaultRendererLogLevels } from 'listr2';
import { styleText } from 'node:util';
import type { Reporter } from '../../../worker/local/reporter.ts';

/** A reporter and its end: nothing is written to the terminal after it. */
export interface StackProgress extends Reporter {
  readonly end: () => Promise<void>;
}

const parts = ['postgres', 'temporal', 'migrations', 'simulators', 'worker'] as const;

/** Where the parts of the stack tell how far they are: spinners on a terminal, plain lines elsewhere. */
export async function stackProgress(options: { readonly worker: boolean }): Promise<StackProgress> {
  const wanted = parts.filter((part) => part !== 'worker' || options.worker);
  return process.stderr.isTTY ? spinners(wanted) : lines();
}

function lines(): StackProgress {
  const write = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  return {
    step: () => {},
    done: (name, detail) => write(`${name}: ${detail}`),
    note: write,
    end: async () => {},
  };
}

async function spinners(names: readonly string[]): Promise<StackProgress> {
  const { Listr, ListrLogger, ProcessOutput } = await import('listr2');
  const waits = new Map(names.map((name) => [name, Promise.withResolvers<string | undefined>()]));
  const notes: string[] = [];
  let told = (_text: string): void => {};
  const tasks = new Listr(
    names.map((name) => ({
      title: name,
      task: async (_context: unknown, task: { title: string; output: string; skip(message: string): void }) => {
        // What takes long says so by notes; the part that is waited for longest shows the newest.
        if (name === 'temporal') {
          told = (text) => {
            task.output = text;
          };
        }
        const detail = await waits.get(name)?.promise;
        if (detail === undefined) task.skip(`${name}: not started`);
        else task.title = `${name}  ${styleText('dim', detail, { stream: process.stderr })}`;
      },
    })),
    {
      renderer: 'default',
      concurrent: true,
      exitOnError: false,
      // Signals belong to the stack, which stops its parts in order.
      registerSignalListeners: false,
      rendererOptions: {
        logger: new ListrLogger<ListrDefaultRendererLogLevels>({
          processOutput: new ProcessOutput(process.stderr, process.stderr),
        }),
      },
    },
  );
  let shown: Promise<unknown> | undefined;
  let ended = false;
  const write = (text: string): void => {
    process.stderr.write(`${text}\n`);
  };
  return {
    // Nothing spins before something starts: the home may run already.
    step: () => {
      shown ??= tasks.run().catch(() => undefined);
    },
    done: (name, detail) => {
      const wait = waits.get(name);
      if (wait === undefined || ended) write(`${name}: ${detail}`);
      else wait.resolve(detail);
    },
    note: (text) => {
      if (ended || shown === undefined) write(text);
      else {
        told(text);
        notes.push(text);
      }
    },
    end: async () => {
      ended = true;
      for (const wait of waits.values()) wait.resolve(undefined);
      await shown;
      for (const text of notes) write(styleText('dim', text, { stream: process.stderr }));
    },
  };
}
