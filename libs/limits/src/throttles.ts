import type { LicensedRate, RateAnswer } from '@biplane/licensing';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import type { LimitKey } from './domain/limit-key.js';
import { windowName } from './domain/limit-key.js';

/** A thousand years: no wait is longer. */
const WAIT_MS_MAX = '31536000000000';

// The level runs out at `rate` per second since `level_at`; a clock that is set back lets nothing run out twice.
const AT = `greatest(held.level_at, $4::text::timestamptz)`;
const LEVEL = `greatest(0, held.level
  - (extract(epoch FROM ${AT}) - extract(epoch FROM held.level_at)) * $5::text::numeric)`;

/** Rates beyond a cap, one bucket a meter and window: `gcra` of libs/licensing as one conditional UPDATE. */
export class Throttles {
  /** Fills the bucket when the quantity fits; says when it would otherwise. `retryAt` null: such a request never fits. */
  async admit(tx: Tx, key: LimitKey, rate: LicensedRate, quantity: string, now: Date): Promise<RateAnswer> {
    const row = [key.deploymentId, key.meter, windowName(key)];
    const values = [...row, now.toISOString(), rate.perSecond, String(rate.burst), quantity];
    const admitted = await executeSql(
      tx,
      `INSERT INTO limit_throttle AS held (deployment_id, meter, limit_window, level, level_at)
       SELECT $1::text::uuid, $2, $3, $7::text::numeric, $4::text::timestamptz
        WHERE $7::text::numeric <= $6::text::numeric AND $5::text::numeric >= 0
       ON CONFLICT (deployment_id, meter, limit_window) DO UPDATE SET level = ${LEVEL} + excluded.level, level_at = ${AT}
        WHERE ${LEVEL} + excluded.level <= $6::text::numeric`,
      values,
    );
    if (admitted === 1) return { admitted: true };
    const [wait] = await querySql<{ retryAt: Date | null }>(
      tx,
      `SELECT CASE WHEN $7::text::numeric > $6::text::numeric OR $5::text::numeric = 0 THEN NULL
                   ELSE ${AT} + least(${WAIT_MS_MAX},
                     ceil((${LEVEL} + $7::text::numeric - $6::text::numeric) * 1000 / nullif($5::text::numeric, 0)))
                     * interval '1 millisecond' END AS "retryAt"
         FROM limit_throttle held
        WHERE held.deployment_id = $1::text::uuid AND held.meter = $2 AND held.limit_window = $3`,
      values,
    );
    return { admitted: false, retryAt: wait?.retryAt ?? null };
  }
}
