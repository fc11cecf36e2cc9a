/** Runs a task for each item, a bounded number at once, and gives the results in the order of the items. Used by the strictness tests. */
export async function together<Item, Result>(
  items: readonly Item[],
  most: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [i, item] of queue) results[i] = await task(item);
  };
  await Promise.all(Array.from({ length: most }, lane));
  return results;
}
