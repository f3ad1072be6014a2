/** Work done in one turn: how many units, in how many milliseconds. */
export interface Turn {
  readonly units: number;
  readonly millis: number;
}

export interface Comparison {
  /** Subject's time a unit over the baseline's, of the same round: below 1 is faster than the baseline. */
  readonly ratio: {
    readonly median: number;
    readonly min: number;
    readonly max: number;
    /** Of the fastest turn of each, where that is what counts: see `compareFastest`. */
    readonly fastest?: number;
  };
  readonly rounds: number;
  readonly baselinePerSecond: number;
  readonly subjectPerSecond: number;
}

/** Runs baseline and subject in turns, so that whatever else the machine does falls on both. The first round warms up. */
export async function compare(
  rounds: number,
  baseline: () => Promise<Turn> | Turn,
  subject: () => Promise<Turn> | Turn,
): Promise<Comparison> {
  return comparisonOf(await playedInTurns(rounds, baseline, subject));
}

/**
 * The same over many short rounds, of which the fastest turn of each side counts: on a machine that others use too, their work
 * takes the cache and the clock rate away from most turns, and never makes one faster.
 */
export async function compareFastest(
  rounds: number,
  baseline: () => Promise<Turn> | Turn,
  subject: () => Promise<Turn> | Turn,
): Promise<Comparison> {
  const pairs = await playedInTurns(rounds, baseline, subject);
  const comparison = comparisonOf(pairs);
  const fastest = (turns: Turn[]): number => Math.min(...turns.map(millisPerUnit));
  const [base, own] = [fastest(pairs.map((pair) => pair.baseline)), fastest(pairs.map((pair) => pair.subject))];
  return {
    ratio: { ...comparison.ratio, fastest: own / base },
    rounds,
    baselinePerSecond: Math.round(1000 / base),
    subjectPerSecond: Math.round(1000 / own),
  };
}

interface Pair {
  readonly baseline: Turn;
  readonly subject: Turn;
}

async function playedInTurns(
  rounds: number,
  baseline: () => Promise<Turn> | Turn,
  subject: () => Promise<Turn> | Turn,
): Promise<Pair[]> {
  await baseline();
  await subject();
  const pairs: Pair[] = [];
  for (let round = 0; round < rounds; round += 1) {
    // Who goes first alternates: neither always meets the other's garbage.
    if (round % 2 === 0) pairs.push({ baseline: await baseline(), subject: await subject() });
    else {
      const first = await subject();
      pairs.push({ baseline: await baseline(), subject: first });
    }
  }
  return pairs;
}

function comparisonOf(pairs: readonly Pair[]): Comparison {
  const ratios = pairs.map((pair) => millisPerUnit(pair.subject) / millisPerUnit(pair.baseline)).sort((a, b) => a - b);
  return {
    ratio: { median: middle(ratios), min: ratios[0] as number, max: ratios.at(-1) as number },
    rounds: pairs.length,
    baselinePerSecond: perSecond(pairs.map((pair) => pair.baseline)),
    subjectPerSecond: perSecond(pairs.map((pair) => pair.subject)),
  };
}

export async function timed(units: number, work: () => Promise<void> | void): Promise<Turn> {
  const startedAt = performance.now();
  await work();
  return { units, millis: performance.now() - startedAt };
}

/** By the processor time of this process: other work on the machine takes turns, but not time. Of what runs in memory alone. */
export function timedByProcessor(units: number, work: () => void): Turn {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return { units, millis: (user + system) / 1_000 };
}

function millisPerUnit({ units, millis }: Turn): number {
  return millis / units;
}

function middle(sorted: readonly number[]): number {
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] as number)) / 2;
}

function perSecond(turns: readonly Turn[]): number {
  const millis = turns.reduce((sum, turn) => sum + turn.millis, 0);
  return Math.round((turns.reduce((sum, turn) => sum + turn.units, 0) / millis) * 1000);
}
