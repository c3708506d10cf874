/**
 * Until a lost address is looked at again: soon enough at first, and where the run can start over, that a removal which began
 * meanwhile is seen. Each look is a dozen events, so a run that cannot, as a caller waits for its end, looks more seldom: its
 * history has to last for weeks.
 */
export function nextLookMs(round: number, callerWaits: boolean): number {
  return Math.min(callerWaits ? 300_000 : 60_000, 5_000 * 2 ** Math.min(round, 6));
}
