import { Injectable } from '@nestjs/common';
import { dayOf, type Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import { billedMonth, BillingSettings, discountsOn, type Settings } from '../billing-settings/index.js';
import { CatalogService, taxesOn, type TaxDefinition } from '../catalog/index.js';
import { BillableSubscriptions, enabledStretches, type BillableSubscription } from '../subscriptions/index.js';
import { TenantsService } from '../tenants/index.js';
import { BilledUsage, type BilledQuantity, type HomeHour } from '../usage/index.js';
import { addonRequests } from './domain/attached-addon.js';
import type { MeteredDeployment, MeteredMonth, PricedPlan } from './domain/metered-request.js';
import { isReverseCharged, taxRequests } from './domain/reverse-charge.js';
import { discountRequests } from './domain/tenant-discounts.js';
import { IssuerCountry } from './issuer-country.js';
import { planKey, PublishedPlans, type PublishedPlan } from './published-plans.js';

/** Who is billed, and how that was in the last instant of the month. */
export interface BilledTenant extends Settings {
  readonly tenantName: string;
  readonly tenantSlug: string;
}

/** All that the bill of a month is computed from, but for what was invoiced before. */
export interface TenantFacts {
  readonly profile: BilledTenant;
  readonly period: Period;
  readonly month: MeteredMonth;
  /** Hours that some home has not closed, or that core-api does not hold as the home counted them. */
  readonly missingHours: readonly HomeHour[];
  /** How long after its end the period waits for them: the longest of its plans. */
  readonly cutoffHours: number;
}

/** A month of one tenant whose deployments are asked for. */
export interface WantedMonth {
  readonly tenantId: string;
  readonly period: Period;
}

/**
 * Reads what bills are computed from: the same number of statements for one tenant and for five hundred. All of it is
 * history that only grows, read as it was in the month, so that a past month comes to the same bytes whatever came later.
 */
@Injectable()
export class BillingFacts {
  constructor(
    private readonly settings: BillingSettings,
    private readonly tenants: TenantsService,
    private readonly subscriptions: BillableSubscriptions,
    private readonly usage: BilledUsage,
    private readonly catalog: CatalogService,
    private readonly plans: PublishedPlans,
    private readonly issuer: IssuerCountry,
  ) {}

  /** Who is not a tenant is left out. */
  async load(reader: Tx, tenantIds: readonly string[], month: string): Promise<Map<string, TenantFacts>> {
    const profiles = await this.profiles(reader, tenantIds, month);
    const wanted = profiles.map(({ tenantId, zones }) => ({ tenantId, period: billedMonth(zones, month) }));
    const subscriptions = await this.subscriptions.during(reader, wanted);
    // Asked before the usage is read: a period that was complete then is wholly in the figures, whatever arrives after.
    const missing = await this.missingHours(reader, wanted, subscriptions);
    const known = await this.known(reader, wanted, subscriptions);
    const lastDays = lastDaysOf();
    const taxes = await this.catalog.taxes(reader);
    const facts = profiles.map((profile, index): [string, TenantFacts] => {
      const { period } = wanted[index]!;
      const contents = subscriptions[index]!.flatMap(({ plans }) => plans.map((plan) => known.planOf(plan).content));
      const entry = {
        profile,
        period,
        month: {
          ...this.frame(profile, period, lastDays(period, profile.timeZone), taxes),
          deployments: known.metered(index),
        },
        missingHours: missing[index]!,
        cutoffHours: Math.max(0, ...contents.map(({ cutoffHours }) => cutoffHours)),
      };
      return [profile.tenantId, entry];
    });
    return new Map(facts);
  }

  /** What was used in these months and what it is rated under, as known now. */
  async metered(reader: Tx, wanted: readonly WantedMonth[]): Promise<MeteredDeployment[][]> {
    const subscriptions = await this.subscriptions.during(reader, wanted);
    const known = await this.known(reader, wanted, subscriptions);
    return wanted.map((_, index) => known.metered(index));
  }

  private async profiles(reader: Tx, tenantIds: readonly string[], month: string): Promise<BilledTenant[]> {
    const settings = await this.settings.ofMonth(reader, tenantIds, month);
    const tenants = await this.tenants.findMany(reader, tenantIds);
    return [...new Set(tenantIds)].flatMap((tenantId) => {
      const [tenant, held] = [tenants.get(tenantId), settings.get(tenantId)];
      return tenant && held ? [{ ...held, tenantName: tenant.name, tenantSlug: tenant.slug }] : [];
    });
  }

  private frame(
    profile: BilledTenant,
    period: Period,
    lastDay: string,
    taxes: readonly TaxDefinition[],
  ): Omit<MeteredMonth, 'deployments'> {
    const { currency, country, timeZone, discounts } = profile;
    const held = taxesOn(
      taxes.filter((tax) => tax.country === country),
      lastDay,
    );
    return {
      currency,
      timeZone,
      period,
      taxes: taxRequests(held, isReverseCharged(profile, this.issuer.country)),
      discounts: discountRequests(discountsOn(discounts, lastDay)),
    };
  }

  private missingHours(
    reader: Tx,
    wanted: readonly WantedMonth[],
    subscriptions: readonly (readonly BillableSubscription[])[],
  ): Promise<HomeHour[][]> {
    return this.usage.missing(
      reader,
      wanted.map(({ period }, index) => ({
        period,
        deploymentIds: subscriptions[index]!.map(({ deploymentId }) => deploymentId),
        placements: subscriptions[index]!.flatMap(({ placements }) => placements),
      })),
    );
  }

  private async known(
    reader: Tx,
    wanted: readonly WantedMonth[],
    subscriptions: readonly (readonly BillableSubscription[])[],
  ): Promise<KnownDeployments> {
    const refs = subscriptions.flatMap((each) => each.flatMap(({ plans }) => plans));
    const plans = await this.plans.of(reader, refs);
    const asked = subscriptions.flatMap((each, index) =>
      each.map((subscription) => {
        const { period } = wanted[index]!;
        const last = plans.get(planKey(subscription.plans.at(-1)!))!;
        return { deploymentId: subscription.deploymentId, meters: metersOf(last), period, index, subscription };
      }),
    );
    const usage = await this.usage.of(reader, asked);
    const byTenant: MeteredDeployment[][] = wanted.map(() => []);
    asked.forEach(({ index, subscription, period }, position) => {
      byTenant[index]!.push(meteredDeployment(subscription, plans, period, usage[position]!));
    });
    return { planOf: (plan) => plans.get(planKey(plan))!, metered: (index) => byTenant[index]! };
  }
}

/** The last local day of each period; found once for all tenants of a zone. */
function lastDaysOf(): (period: Period, timeZone: string) => string {
  const known = new Map<string, string>();
  return (period, timeZone) => {
    const key = `${timeZone}|${period.to.getTime()}`;
    const day = known.get(key) ?? dayOf(new Date(period.to.getTime() - 1), timeZone);
    known.set(key, day);
    return day;
  };
}

interface KnownDeployments {
  planOf(plan: { readonly planCode: string; readonly planVersion: number }): PublishedPlan;
  metered(index: number): MeteredDeployment[];
}

function metersOf({ pricing }: PublishedPlan): string[] {
  return (pricing.meters ?? []).map(({ meter }) => meter);
}

function meteredDeployment(
  subscription: BillableSubscription,
  known: ReadonlyMap<string, PublishedPlan>,
  period: Period,
  usage: readonly BilledQuantity[],
): MeteredDeployment {
  const { deploymentId, addons, active, suspended, switches } = subscription;
  const plans = subscription.plans.map((turn): PricedPlan => {
    const { code, name, pricing } = known.get(planKey(turn))!;
    return { code, name, pricing, until: turn.until };
  });
  const daily = new Set(
    plans.flatMap(({ pricing }) =>
      (pricing.modules ?? []).filter(({ dailyPrice }) => dailyPrice != null).map(({ module }) => module),
    ),
  );
  return {
    deploymentId,
    plans,
    addons: addonRequests(addons),
    active,
    suspended,
    modules: Object.fromEntries(
      [...daily].sort().map((module) => [module, enabledStretches(module, switches, period)]),
    ),
    usage,
  };
}
