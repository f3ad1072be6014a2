/**
 * Splits `total` minor units in proportion to `weights` by largest remainder, ties by order: nothing is lost or created,
 * and no part is further than one unit from its exact quota. A negative total mirrors the positive one.
 */
export function allocateLargestRemainder(total: bigint, weights: readonly bigint[]): bigint[] {
  if (weights.some((weight) => weight < 0n)) throw new RangeError('A weight cannot be negative');
  if (total < 0n) return allocateLargestRemainder(-total, weights).map((part) => -part);

  const sum = weights.reduce((a, b) => a + b, 0n);
  if (sum === 0n) {
    if (total !== 0n) throw new RangeError('Nothing has weight, so nothing can take the total');
    return weights.map(() => 0n);
  }
  const parts = weights.map((weight) => (total * weight) / sum);
  const missing = total - parts.reduce((a, b) => a + b, 0n);
  for (const index of byLargestRemainder(total, weights, sum).slice(0, Number(missing))) parts[index]! += 1n;
  return parts;
}

function byLargestRemainder(total: bigint, weights: readonly bigint[], sum: bigint): number[] {
  const remainders = weights.map((weight) => (total * weight) % sum);
  // The sort is stable, so equal remainders keep the order of the lines.
  return weights
    .map((_, index) => index)
    .sort((a, b) => (remainders[b]! > remainders[a]! ? 1 : remainders[b]! < remainders[a]! ? -1 : 0));
}
