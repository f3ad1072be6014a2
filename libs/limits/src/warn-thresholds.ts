import { multiplyDecimal, orThrow, parseDecimal, decimalToString, type Decimal } from '@biplane/kernel';
import type { LicensedLimit } from '@biplane/licensing';
import { querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from './domain/limit-key.js';
import { isKey, keyValues } from './store/key-columns.js';

/** A share of the cap that the use has passed. */
export interface PassedThreshold {
  readonly share: string;
  readonly used: string;
}

/** Each share of a module's `warnAt` is passed once a window, by whichever replica sees it first. */
export class WarnThresholds {
  /** Those that the counter has reached and nobody has told of in this window; ascending. */
  async cross(
    tx: Tx,
    key: LimitKey,
    module: string,
    limit: Pick<LicensedLimit, 'cap' | 'warnAt'>,
  ): Promise<PassedThreshold[]> {
    if (limit.warnAt.length === 0) return [];
    const cap = orThrow(parseDecimal(limit.cap));
    const amounts = limit.warnAt.map((share) => amountOf(cap, share));
    // The row is locked first, so that `before` is what this UPDATE changes.
    return querySql<PassedThreshold>(
      tx,
      `WITH due AS (
         SELECT share, $7 || ':' || share AS mark, amount FROM ROWS FROM (unnest(string_to_array($5::text, E'\\n')),
                unnest(string_to_array($6::text, E'\\n')::numeric[])) AS d(share, amount)
       ), before AS MATERIALIZED (
         SELECT c.used, c.warned FROM limit_counter c
          WHERE ${isKey('c', 1)} AND EXISTS (SELECT 1 FROM due WHERE amount <= c.used AND mark <> ALL (c.warned))
          FOR UPDATE
       ), passed AS (
         SELECT due.share, due.mark, due.amount, before.used FROM due, before
          WHERE due.amount <= before.used AND due.mark <> ALL (before.warned)
       ), marked AS (
         UPDATE limit_counter c SET warned = c.warned || ARRAY(SELECT mark FROM passed ORDER BY amount)
          WHERE ${isKey('c', 1)} AND EXISTS (SELECT 1 FROM passed) RETURNING 1
       )
       SELECT share, trim_scale(used)::text AS used FROM passed WHERE EXISTS (SELECT 1 FROM marked) ORDER BY amount`,
      [...keyValues(key), limit.warnAt.join('\n'), amounts.join('\n'), module],
    );
  }
}

function amountOf(cap: Decimal, share: string): string {
  return decimalToString(multiplyDecimal(cap, orThrow(parseDecimal(share))));
}
