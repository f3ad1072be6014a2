/**
 * Does `work` on all items together; when it throws, on either half, down to single items, which go to `alone` with what
 * they threw. In the order of the items. What `isGeneral` says is nobody's own fault is thrown on.
 */
export async function bisect<Item>(
  items: readonly Item[],
  work: (items: readonly Item[]) => Promise<void>,
  alone: (item: Item, error: unknown) => Promise<void>,
  isGeneral: (error: unknown) => boolean,
): Promise<void> {
  try {
    await work(items);
  } catch (error) {
    if (isGeneral(error) || items.length === 0) throw error;
    if (items.length === 1) return alone(items[0] as Item, error);
    const half = Math.ceil(items.length / 2);
    await bisect(items.slice(0, half), work, alone, isGeneral);
    await bisect(items.slice(half), work, alone, isGeneral);
  }
}
