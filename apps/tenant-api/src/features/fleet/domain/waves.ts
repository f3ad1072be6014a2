/** The first wave: what goes wrong there goes wrong for five, and stops the run at once. */
export const CANARIES = 5;
/** Each wave of its own accord is so many times as large as the one before. */
const GROWTH = 5;

/**
 * How many databases each wave takes, canaries first. Sizes that are named are taken as they are, and what they leave is a last wave;
 * without them waves grow by five. No wave is empty.
 */
export function waveSizes(total: number, named: readonly number[] = []): number[] {
  const sizes: number[] = [];
  let left = total;
  const take = (size: number): void => {
    const taken = Math.min(size, left);
    if (taken <= 0) return;
    sizes.push(taken);
    left -= taken;
  };
  take(CANARIES);
  for (const size of named) take(size);
  if (named.length > 0) take(left);
  for (let size = CANARIES * GROWTH; left > 0; size *= GROWTH) take(size);
  return sizes;
}

export interface Planned {
  readonly deploymentId: string;
  readonly wave: number;
  readonly position: number;
}

/** `rank` draws the lots: another draw for each run, so that the same tenants are not always the canaries. */
export function planWaves(
  deploymentIds: readonly string[],
  named: readonly number[],
  rank: (deploymentId: string) => string,
): Planned[] {
  const ranked = deploymentIds.map((deploymentId) => ({ deploymentId, rank: rank(deploymentId) }));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : a.rank > b.rank ? 1 : a.deploymentId < b.deploymentId ? -1 : 1));
  const waves = waveSizes(ranked.length, named).flatMap((size, wave) => Array.from({ length: size }, () => wave));
  return ranked.map(({ deploymentId }, position) => ({ deploymentId, wave: waves[position] ?? 0, position }));
}
