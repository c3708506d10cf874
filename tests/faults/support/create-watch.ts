import type { CallRecord } from '../../../activities/http/simulator/call-record.ts';
import type { IpManagerSimulator } from '../../../activities/ipmanager/simulator/start.ts';

/** Keeps every call that took or gave back an address: the simulator's own log forgets the oldest. */
export interface CreateWatch {
  /** Addresses really taken, by tag. */
  allocations(): ReadonlyMap<string, number>;
  /** Deletes that were carried out when they came. One that was to be late cannot be told from here. */
  releases(): readonly { readonly ip: string; readonly at: number }[];
  stop(): void;
}

export function watchCreates(simulator: IpManagerSimulator): CreateWatch {
  const kept: CallRecord[] = [];
  let newest = 0;
  const look = (): void => {
    for (const record of simulator.log) {
      if (record.number <= newest) continue;
      newest = record.number;
      // The record itself is kept: whether its work was done may be known later.
      if (record.purpose === 'create' || record.purpose === 'release') kept.push(record);
    }
  };
  const timer = setInterval(look, 500);
  return {
    allocations() {
      look();
      const counts = new Map<string, number>();
      for (const { purpose, worked, parameters } of kept) {
        if (purpose !== 'create' || !worked) continue;
        const mark = parameters['note'] ?? parameters['domain'] ?? '';
        counts.set(mark, (counts.get(mark) ?? 0) + 1);
      }
      return counts;
    },
    releases() {
      look();
      return kept
        .filter(
          ({ purpose, worked, error, fault }) => purpose === 'release' && worked && error === null && fault !== 'late',
        )
        .map(({ parameters, at }) => ({ ip: parameters['elid'] ?? '', at }));
    },
    stop: () => clearInterval(timer),
  };
}
