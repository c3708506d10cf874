/** Runs `work` for each item, at most `atOnce` at a time. The first error ends it, when what runs has ended. */
export async function crowd<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    for (;;) {
      const n = next;
      next += 1;
      const item = items[n];
      if (item === undefined) return;
      results[n] = await work(item);
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results;
}
