/** Mulberry32: small, seeded, good enough to shuffle. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A seed to print in the failure message; given as `SEED` it is used again. */
export function seedOfRun(env: NodeJS.ProcessEnv = process.env): number {
  const given = env['SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(given);
}

/** That many of them, in the order in which they stand: a run in CI takes other ones each time, a soak all. */
export function drawn<T>(all: readonly T[], count: number, random: () => number): T[] {
  const draws = all.map((item, order) => ({ item, order, draw: random() })).sort((a, b) => a.draw - b.draw);
  const chosen = draws.slice(0, count).sort((a, b) => a.order - b.order);
  return chosen.map(({ item }) => item);
}

/** What a broker may do at worst: every record one to three times, in any order. */
export function shuffleAndRepeat<T>(records: readonly T[], seed: number): T[] {
  const random = seededRandom(seed);
  const delivered = records.flatMap((record) => Array<T>(1 + Math.floor(random() * 3)).fill(record));
  for (let i = delivered.length - 1; i > 0; i -= 1) {
    const j = Math.floor(random() * (i + 1));
    [delivered[i], delivered[j]] = [delivered[j] as T, delivered[i] as T];
  }
  return delivered;
}
