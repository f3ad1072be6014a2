import { quotaKey } from '@biplane/licensing';
import type { AddonDto, CatalogItemDto, EntitlementDto } from './catalog.responses.js';
import type { AddonRow } from './catalog.store.js';
import type { PlanDto, PlanVersionDto } from './plans.responses.js';
import type { PlanWithVersions } from './plans.service.js';
import type { PlanHead, PlanVersionRow } from './plans.store.js';

export function versionJson(row: PlanVersionRow, plan?: PlanHead): PlanVersionDto {
  return {
    ...(plan ?? { code: row.planCode }),
    versionNumber: row.version,
    state: row.state,
    createdAt: row.createdAt,
    publishedAt: row.publishedAt,
    version: row.content,
  };
}

export function planJson(plan: PlanWithVersions): PlanDto {
  const { versions, ...head } = plan;
  const published = versions.filter((version) => version.state === 'published').at(-1);
  return {
    ...head,
    publishedVersion: published?.version ?? null,
    versions: versions.map(({ version, state, createdAt, publishedAt, content }) => ({
      version,
      state,
      createdAt,
      publishedAt,
      content,
    })),
  };
}

export function addonJson({ code, name, resourceKind, currency, price, grants }: AddonRow): AddonDto {
  return { code, name, resourceKind, currency, price, grants };
}

/** Plans and add-ons with what they entitle to, each limit with its quota key. A grant raises every limit of its meter; it is named by the level it makes where there is none. */
export function itemsJson(plans: readonly PlanWithVersions[], addons: readonly AddonRow[]): CatalogItemDto[] {
  const ofPlans = plans.flatMap((plan): CatalogItemDto[] => {
    const published = plan.versions.filter((version) => version.state === 'published').at(-1);
    if (!published) return [];
    const entitlements = published.content.modules.flatMap((module): EntitlementDto[] => [
      ...module.features.map((feature) => ({ module: module.module, feature, quotaKey: null })),
      ...module.limits.map((limit) => ({
        module: module.module,
        meter: limit.meter,
        cap: limit.cap,
        window: limit.window,
        strategy: limit.strategy,
        quotaKey: quotaKey(module.module, limit.meter, limit.window),
      })),
    ]);
    return [{ kind: 'plan', code: plan.code, name: plan.name, version: published.version, entitlements }];
  });
  const ofAddons = addons.map((addon): CatalogItemDto => ({
    kind: 'addon',
    code: addon.code,
    name: addon.name,
    version: null,
    entitlements: addon.grants.map((grant) => ({ ...grant, quotaKey: quotaKey(grant.module, grant.meter, null) })),
  }));
  return [...ofPlans, ...ofAddons];
}
