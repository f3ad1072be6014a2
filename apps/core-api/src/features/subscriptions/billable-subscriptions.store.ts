import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { querySql, type Tx } from '@biplane/service-kit';
import type { ModuleSwitch } from './domain/module-stretches.js';
import type { PlanAssignment } from './domain/plan-change.js';
import type { AttachedAddon } from './subscription.js';

/** Whose subscriptions, in which period. */
export interface TenantPeriod {
  readonly tenantId: string;
  readonly period: Period;
}

export type BilledAddon = Omit<AttachedAddon, 'grants'>;

export interface BilledSubscription {
  readonly deploymentId: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  /** In the order in which they were decided. */
  readonly plans: readonly PlanAssignment[];
  /** Those that were attached at any instant of the period. */
  readonly addons: readonly BilledAddon[];
  /** In the order in which they were made. */
  readonly switches: readonly ModuleSwitch[];
}

/** What bills need of subscriptions, of many tenants with one statement. */
@Injectable()
export class BillableSubscriptionsStore {
  /** For each entry of `wanted`, the subscriptions that had begun before its end and not ended before its start. */
  async during(tx: Tx, wanted: readonly TenantPeriod[]): Promise<BilledSubscription[][]> {
    const rows = await querySql<Row>(tx, duringSql, [
      wanted.map(({ tenantId }) => tenantId),
      wanted.map(({ period }) => period.from.toISOString()),
      wanted.map(({ period }) => period.to.toISOString()),
    ]);
    const found: BilledSubscription[][] = wanted.map(() => []);
    for (const row of rows) found[row.position - 1]!.push(toSubscription(row));
    return found;
  }
}

// What belongs to a subscription comes as one text: a row for each entry costs more than all the rest.
const duringSql = `
  SELECT u.position::int AS position, s.deployment_id::text AS "deploymentId", s.started_at AS "startedAt", s.ended_at AS "endedAt",
         (SELECT json_agg(json_build_array(p.plan_code, p.plan_version, ${millis('p.entitled_from')}, ${millis('p.priced_from')}) ORDER BY p.id)::text
            FROM subscription_plan p WHERE p.subscription_id = s.id) AS plans,
         (SELECT json_agg(json_build_array(a.id, a.addon_code, a.name, a.resource_kind, a.price_kind, a.price_minor::text, a.currency,
                                           trim_scale(a.units)::text, ${millis('a.attached_at')}, ${millis('a.detached_at')})
                          ORDER BY a.addon_code, a.attached_at, a.id)::text
            FROM subscription_addon a WHERE a.subscription_id = s.id
             AND a.attached_at < u.to_at AND (a.detached_at IS NULL OR a.detached_at > u.from_at)) AS addons,
         (SELECT json_agg(json_build_array(m.module, m.enabled, ${millis('m.at')}) ORDER BY m.id)::text
            FROM module_event m WHERE m.deployment_id = s.deployment_id AND m.at < u.to_at) AS switches
    FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS u(tenant_id, from_at, to_at, position)
    JOIN subscription s ON s.tenant_id = u.tenant_id AND s.started_at < u.to_at AND (s.ended_at IS NULL OR s.ended_at > u.from_at)
   ORDER BY u.position, s.deployment_id`;

function millis(column: string): string {
  return `(extract(epoch FROM ${column}) * 1000)::bigint`;
}

interface Row {
  readonly position: number;
  readonly deploymentId: string;
  readonly startedAt: Date;
  readonly endedAt: Date | null;
  readonly plans: string | null;
  readonly addons: string | null;
  readonly switches: string | null;
}

type PlanEntry = [string, number, number, number];
type AddonEntry = [string, string, string, string, string, string, string, string, number, number | null];
type SwitchEntry = [string, boolean, number];

function toSubscription({ deploymentId, startedAt, endedAt, plans, addons, switches }: Row): BilledSubscription {
  return {
    deploymentId,
    startedAt,
    endedAt,
    plans: entriesOf<PlanEntry>(plans).map(([planCode, planVersion, entitledFrom, pricedFrom]) => {
      return { planCode, planVersion, entitledFrom: new Date(entitledFrom), pricedFrom: new Date(pricedFrom) };
    }),
    addons: entriesOf<AddonEntry>(addons).map(toAddon),
    switches: entriesOf<SwitchEntry>(switches).map(([module, enabled, at]) => ({ module, enabled, at: new Date(at) })),
  };
}

function toAddon(entry: AddonEntry): BilledAddon {
  const [id, code, name, resourceKind, priceKind, priceMinor, currency, units, attachedAt, detachedAt] = entry;
  return {
    id,
    code,
    name,
    resourceKind,
    priceKind,
    priceMinor: BigInt(priceMinor),
    currency,
    units,
    attachedAt: new Date(attachedAt),
    detachedAt: detachedAt === null ? null : new Date(detachedAt),
  };
}

function entriesOf<T>(text: string | null): T[] {
  return text === null ? [] : (JSON.parse(text) as T[]);
}
