import { hearOut } from './interruption.ts';

/** An answer that update handlers wait for: set once, to a value or to an error, and then the same for everybody. */
export interface Answer<Value> {
  give(value: Value): void;
  fail(error: Error): void;
  get(): Promise<Value>;
  readonly given: boolean;
}

export function openAnswer<Value>(): Answer<Value> {
  let outcome: { readonly value: Value } | { readonly error: Error } | undefined;
  return {
    give(value) {
      outcome ??= { value };
    },
    fail(error) {
      outcome ??= { error };
    },
    async get() {
      await hearOut(() => outcome !== undefined);
      if (outcome === undefined || 'error' in outcome) throw outcome?.error ?? new Error('no answer');
      return outcome.value;
    },
    get given() {
      return outcome !== undefined;
    },
  };
}
