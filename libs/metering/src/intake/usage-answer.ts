import type { UsageItem } from '@biplane/contracts';
import type { Failure, Result } from '@biplane/kernel';
import type { Standing } from '../judging/repeats.js';

export interface UsageResult {
  /** As sent; null when the item has none that could be repeated. */
  readonly id: string | null;
  readonly status: 'accepted' | 'duplicate' | 'rejected';
  readonly code?: string;
  readonly detail?: string;
}

export interface UsageAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly UsageResult[];
}

/** One result an item, in the order sent; `standingOf` says how each stands by its position. */
export function answerOf(
  items: readonly UsageItem[],
  standingOf: (index: number) => Result<Standing> | undefined,
): UsageAnswer {
  const tally = { accepted: 0, duplicates: 0, rejected: 0 };
  const results = items.map(({ id }, index): UsageResult => {
    const standing = standingOf(index);
    if (standing === undefined) throw new Error('An event has no result');
    if (!standing.ok) {
      tally.rejected += 1;
      return rejected(id, standing.error);
    }
    if (standing.value === 'duplicate') {
      tally.duplicates += 1;
      return { id, status: 'duplicate' };
    }
    tally.accepted += 1;
    return { id, status: 'accepted' };
  });
  return { ...tally, results };
}

function rejected(id: string | null, { code, detail }: Failure): UsageResult {
  return { id, status: 'rejected', code, detail };
}
