import { canonicalIp } from '../../../workflows/domain/address.ts';
import { LedgerContractBroken } from '../contract-broken.ts';
import type { RunRef } from '../records.ts';

/** PostgreSQL's text of a time, as ISO 8601 in UTC. */
export function time(text: string): string {
  return new Date(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')).toISOString();
}

export function timeOrNull(text: string | null): string | null {
  return text === null ? null : time(text);
}

/** PostgreSQL writes some IPv6 addresses with a dotted tail (`::10.0.0.1`); our one text is RFC 5952's. */
export function ipText(text: string): string {
  return text.includes(':') && text.includes('.') ? (canonicalIp(text) ?? text) : text;
}

export function ipTextOrNull(text: string | null): string | null {
  return text === null ? null : ipText(text);
}

/**
 * Addresses come in canonical, or not at all: `inet` itself reads `010.0.0.1`, and an answer that names another text
 * than was asked for would be taken for another address.
 */
export function canonical(ip: string): string {
  if (canonicalIp(ip) !== ip) throw new LedgerContractBroken('not-canonical', JSON.stringify(ip.slice(0, 60)));
  return ip;
}

export function sameRun(one: RunRef, other: RunRef): boolean {
  return one.workflowId === other.workflowId && one.runId === other.runId;
}

/** The owner columns of a lock or an order. */
export function ownerOf(row: { readonly owner_workflow: string; readonly owner_run: string }): RunRef {
  return { workflowId: row.owner_workflow, runId: row.owner_run };
}

/** The end of an exhaustive switch: the compiler sees that nothing comes here. */
export function unreachable(value: never): never {
  throw new TypeError(`no such case: ${String(value)}`);
}
