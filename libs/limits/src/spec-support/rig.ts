import { randomUUID } from 'node:crypto';
import type { LicenseClaims, LicensedLimit } from '@biplane/licensing';
import { querySql, RandomIds, type Tx } from '@biplane/service-kit';
import type { Clock } from '@biplane/kernel';
import type { LimitKey, UsageSource } from '../index.js';

/** What the suites of this library share. Not exported from the library. */

export const NOW = '2026-04-10T12:00:00.000Z';
export const APRIL = { from: new Date('2026-04-01T00:00:00.000Z'), to: new Date('2026-05-01T00:00:00.000Z') };

/** Counts are those of `usage_window`, as both planes have it. */
export const windowSource: UsageSource = {
  async used(tx: Tx, key: LimitKey): Promise<string> {
    const total =
      key.aggregation === 'last'
        ? '(array_agg(quantity ORDER BY last_event_at DESC))[1]'
        : key.aggregation === 'peak'
          ? 'max(quantity)'
          : 'sum(quantity)';
    const [row] = await querySql<{ used: string }>(
      tx,
      `SELECT trim_scale(coalesce(${total}, 0))::text AS used FROM usage_window
        WHERE deployment_id = $1::text::uuid AND meter = $2
          AND window_start >= $3::text::timestamptz AND window_start < $4::text::timestamptz`,
      [
        key.deploymentId,
        key.meter,
        key.period?.from.toISOString() ?? '-infinity',
        key.period?.to.toISOString() ?? 'infinity',
      ],
    );
    return row?.used ?? '0';
  },
};

export function monthKey(changes: Partial<LimitKey> = {}): LimitKey {
  return {
    deploymentId: randomUUID(),
    meter: 'api_calls',
    aggregation: 'sum',
    window: 'month',
    period: APRIL,
    ...changes,
  };
}

export function limitOf(changes: Partial<LicensedLimit> = {}): LicensedLimit {
  return {
    meter: 'api_calls',
    authority: 'data',
    aggregation: 'sum',
    cap: '10',
    window: 'month',
    strategy: 'hard_block',
    warnAt: ['0.8', '1'],
    ...changes,
  };
}

/** An active license of a deployment of its own; every limit stands in the module `calls`. */
export function licenseWith(limits: readonly LicensedLimit[], timeZone = 'UTC'): LicenseClaims {
  const id = randomUUID();
  return {
    iss: 'biplane',
    sub: randomUUID(),
    aud: `deployment:${id}`,
    jti: randomUUID(),
    iat: Date.parse('2026-04-01T00:00:00Z') / 1000,
    exp: Date.parse('2027-04-01T00:00:00Z') / 1000,
    version: 1,
    status: 'active',
    startsAt: '2026-03-01T00:00:00.000Z',
    noticeAt: '2027-03-01T00:00:00.000Z',
    termEndsAt: '2027-03-15T00:00:00.000Z',
    graceEndsAt: '2027-04-01T00:00:00.000Z',
    calendar: { timeZone },
    deployment: { id, type: 'shared', region: 'eu-1' },
    placement: { homeId: randomUUID(), epoch: 1, phase: 'serving', url: 'https://eu-1.example' },
    plan: { code: 'studio', version: 1 },
    featureFlags: {},
    modules: { calls: { features: ['make'], limits } },
    meters: Object.fromEntries(limits.map(({ meter, authority, aggregation }) => [meter, { authority, aggregation }])),
  };
}

export const stopped = (at: string): Clock => ({ now: () => new Date(at) });
export const ids = new RandomIds(stopped(NOW));
