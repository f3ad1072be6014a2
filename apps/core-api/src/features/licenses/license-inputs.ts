import { Injectable } from '@nestjs/common';
import type { LicenseInput } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';
import { CatalogService, PlansService } from '../catalog/index.js';
import { DeploymentsService, licenseStatusOf, presentPlacement } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { PoliciesService, SubscriptionsService } from '../subscriptions/index.js';
import { TenantsService } from '../tenants/index.js';
import { PlacementSource } from './placement-source.js';

export interface StoredInputs {
  readonly input: Omit<LicenseInput, 'now' | 'jti' | 'version' | 'purgeAfter'>;
  /** When some of it ends by itself, so that another license follows; null when nothing does. */
  readonly changesAt: Date | null;
}

/** Gathers from the other features what a license follows from; the computing itself is pure and elsewhere. */
@Injectable()
export class LicenseInputs {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly policies: PoliciesService,
    private readonly plans: PlansService,
    private readonly catalog: CatalogService,
    private readonly tenants: TenantsService,
    private readonly placements: PlacementSource,
    private readonly homes: DedicatedHomes,
  ) {}

  async of(
    tx: Tx,
    deploymentId: string,
    at: { readonly now: Date; readonly withBootstrap: boolean },
  ): Promise<StoredInputs> {
    const deployment = await this.deployments.required(tx, deploymentId);
    const subscription = await this.subscriptions.required(tx, deploymentId);
    const plan = await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion);
    const meters = await this.catalog.meters(tx);
    const placement = presentPlacement(deployment);
    const previous = deployment.placements.at(-2);
    const moving = await this.placements.of(tx, deploymentId);
    const ended = subscription.endedAt !== null && subscription.endedAt <= at.now;
    const bootstrap = at.withBootstrap ? await this.tenants.bootstrapOf(tx, deploymentId) : null;
    const enrollment = await this.homes.enrollmentOf(tx, deploymentId);
    const policy = await this.policies.at(tx, deploymentId, at.now);
    const flags = policy.flags.map(({ flag, enabled }): [string, boolean] => [flag, enabled]);
    const { noticeDays, graceDays } = subscription;
    const input = {
      tenantId: deployment.tenantId,
      deployment: { id: deployment.id, type: deployment.type, region: deployment.region },
      status: licenseStatusOf(deployment.state, ended),
      startsAt: subscription.startedAt,
      // A fixed end is the term's: notice and grace are counted from there, not from each month on the way.
      periodEndsAt: subscription.endedAt ?? subscription.period.to,
      renews: subscription.endedAt === null,
      ...(noticeDays !== null && { noticeDays }),
      ...(graceDays !== null && { graceDays }),
      timeZone: subscription.timeZone,
      placement: {
        homeId: placement.homeId,
        epoch: placement.epoch,
        phase: moving?.phase ?? ('serving' as const),
        url: placement.homeUrl,
        ...(previous && { previous: { homeId: previous.homeId, epoch: previous.epoch } }),
        ...(moving?.next && { next: moving.next }),
      },
      plan: { code: plan.planCode, version: plan.version },
      featureFlags: { ...plan.content.featureFlags, ...Object.fromEntries(flags) },
      modules: plan.content.modules.map(({ module, features, limits }) => ({ module, features, limits })),
      pricedMeters: plan.content.meters.map(({ meter }) => meter),
      addons: subscription.addons
        .filter((addon) => addon.detachedAt === null || at.now < addon.detachedAt)
        .map(({ units, grants }) => ({ units, grants })),
      disabledModules: policy.disabledModules,
      overrides: policy.overrides.map(({ module, meter, cap, strategy, until }) => ({
        module,
        meter,
        ...(cap !== null && { cap }),
        ...(strategy !== null && { strategy }),
        ...(until !== null && { until }),
      })),
      meters: new Map(meters.map(({ meter, authority, aggregation }) => [meter, { authority, aggregation }])),
      ...(bootstrap && { bootstrap }),
      ...(enrollment && { enrollment }),
    };
    return { input, changesAt: policy.changesAt };
  }
}
