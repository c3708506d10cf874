import type { IntegrationRecord } from './ledger/records.ts';

/** What a run needs to know of its integration, times in milliseconds. */
export interface IntegrationTimes {
  readonly name: string;
  readonly requestTimeoutMs: number;
  readonly fenceMs: number;
  readonly coolDownMs: number;
  readonly quarantineMs: number;
  readonly maxAttempts: number;
  readonly maxConflicts: number;
  readonly onConflict: 'mark' | 'heal';
  /** The panel's forms were not read yet (`--no-test`): read them, then open again. */
  readonly unread: boolean;
}

export function timesOf(integration: IntegrationRecord): IntegrationTimes {
  const { name, requestTimeoutMs, fenceMs, coolDownMs, quarantineMs, maxAttempts, maxConflicts, onConflict, dialect } =
    integration;
  return {
    name,
    requestTimeoutMs,
    fenceMs,
    coolDownMs,
    quarantineMs,
    maxAttempts,
    maxConflicts,
    onConflict,
    unread: dialect === null,
  };
}
