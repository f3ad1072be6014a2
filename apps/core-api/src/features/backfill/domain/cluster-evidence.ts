import { isStopped, type State } from './states.js';

/** What the annotations of a home's namespace said, as the cluster returned them. */
export interface SeenInCluster {
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
  /** Why they are no evidence; null when they are. */
  readonly flaw: string | null;
  /** When they were seen to become so. */
  readonly since: Date;
}

/** What they shall say, by the newest license. */
export interface Wanted {
  readonly modules: readonly string[];
  readonly suspendedAt: Date | null;
}

/** What is proven of a home, without since when of its modules. */
export interface HomeEvidence {
  /** That the home has, as it shall. */
  readonly modules: readonly string[];
  /** Of the plan, that the home does not have, as it shall not. */
  readonly without: readonly string[];
  readonly suspendedAt: Date | null;
  /** When it was seen to work; null when nobody saw it stop before. */
  readonly worksSince: Date | null;
}

/**
 * What the cluster proves of a home, whatever it shall be. A module of which the two say otherwise is on its way: telling either now would
 * keep the next run from telling what became of it. A suspension is dated by what the cluster has, not by what it shall have, unless
 * that is one which is known to have ended; null when the cluster proves nothing.
 */
export function clusterEvidence(
  seen: SeenInCluster | null,
  wanted: Wanted,
  known: { readonly last: { readonly to: State; readonly at: Date } | null; readonly planModules: readonly string[] },
): HomeEvidence | null {
  if (seen === null || seen.flaw !== null) return null;
  const { last, planModules } = known;
  const { suspendedAt } = seen;
  const isWanted = suspendedAt?.getTime() === wanted.suspendedAt?.getTime();
  const hasEnded = suspendedAt !== null && !isWanted && last !== null && !isStopped(last.to) && suspendedAt < last.at;
  return {
    modules: seen.modules.filter((module) => wanted.modules.includes(module)),
    without: planModules.filter((module) => !seen.modules.includes(module) && !wanted.modules.includes(module)),
    suspendedAt: hasEnded ? null : suspendedAt,
    worksSince: suspendedAt === null && last !== null && seen.since > last.at ? seen.since : null,
  };
}
