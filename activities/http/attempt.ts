import { Readable } from 'node:stream';

/** The attempt ended before the answer. `sent` is what was true at that moment, which decides between two outcomes. */
export class AttemptOver extends Error {
  readonly why: 'deadline' | 'cancelled';
  readonly sent: boolean;

  constructor(why: 'deadline' | 'cancelled', sent: boolean) {
    super(why);
    this.name = 'AttemptOver';
    this.why = why;
    this.sent = sent;
  }
}

export interface AttemptLimits {
  readonly method: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly sendWithinMs?: number;
}

/**
 * One request's time and whether any of it left. The body is a stream that notices when a connection asks for it; what
 * ends before that was provably not sent: the client checks the signal again before it writes (undici, client-h1).
 */
export class Attempt {
  /** Rejects with {@link AttemptOver} when the attempt is over without an answer. */
  readonly over: Promise<never>;
  readonly body: Readable;
  readonly #abort = new AbortController();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #limits: AttemptLimits;
  #sent: boolean;

  constructor(limits: AttemptLimits, timeoutMs: number) {
    this.#limits = limits;
    this.#sent = limits.method === 'GET'; // without a body it cannot be watched: it counts as sent from the start
    this.body = Readable.from(this.#watched(limits.body ?? ''), { objectMode: false });
    this.over = new Promise((_settle, fail) => {
      this.signal.addEventListener('abort', () => fail(this.signal.reason), { once: true });
    });
    this.over.catch(() => undefined);
    this.#timers.push(setTimeout(() => this.#end('deadline'), timeoutMs));
    if (limits.sendWithinMs !== undefined) {
      this.#timers.push(setTimeout(() => this.#sent || this.#end('deadline'), limits.sendWithinMs));
    }
    limits.signal?.addEventListener('abort', this.#cancel, { once: true });
    if (limits.signal?.aborted === true) this.#cancel();
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Whether a connection has asked for the body. */
  get sent(): boolean {
    return this.#sent;
  }

  /** The attempt has its result: nothing of it may fire later. */
  settle(): void {
    this.#timers.forEach(clearTimeout);
    this.#limits.signal?.removeEventListener('abort', this.#cancel);
  }

  readonly #cancel = (): void => this.#end('cancelled');

  #end(why: 'deadline' | 'cancelled'): void {
    this.#abort.abort(new AttemptOver(why, this.#sent));
  }

  async *#watched(body: string): AsyncGenerator<Uint8Array> {
    this.#sent = true;
    if (body !== '') yield Buffer.from(body);
  }
}
