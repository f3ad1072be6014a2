/**
 * Windows that a home reported and nobody took in, as the body of a FROM: of the deployments $1, begun from $2 until $3. What a bill
 * says that it lacks and what keeps an hour open are these. Those of a region or home that is not theirs are nobody's usage, and
 * a later revision that was taken in stands for an earlier one.
 */
export const REFUSED_WINDOWS = `usage_quarantine q
   WHERE record_type = 'UsageWindow' AND record->>'deploymentId' = ANY($1::text[]) AND resolution IS NULL
     AND reason NOT IN ('REGION_MISMATCH', 'HOME_DOES_NOT_SERVE')
     AND NOT EXISTS (SELECT 1 FROM usage_window w WHERE w.deployment_id = (q.record->>'deploymentId')::uuid
           AND w.meter = q.record->>'meter' AND w.window_start = (q.record->>'windowStart')::timestamptz
           AND w.home_id = (q.record->>'homeId')::uuid AND w.incarnation = (q.record->>'incarnation')::bigint
           AND w.revision > (q.record->>'revision')::bigint)
     AND (record->>'windowStart')::timestamptz >= $2::timestamptz AND (record->>'windowStart')::timestamptz < $3::timestamptz`;
