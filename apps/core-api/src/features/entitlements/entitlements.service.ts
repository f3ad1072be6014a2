import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { licenseState } from '@biplane/licensing';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { CatalogService, PlansService, type PlanHead } from '../catalog/index.js';
import {
  DeploymentsService,
  subscriptionStatusOf,
  type Deployment,
  type SubscriptionStatus,
} from '../deployments/index.js';
import { PresentLicenses } from '../licenses/index.js';
import { PoliciesService, SubscriptionsService, type Subscription } from '../subscriptions/index.js';
import { resolve, type Resolution } from './domain/resolve.js';
import { standingOf, type Standing } from './domain/standing.js';

/** What a deployment is entitled to now, and by what. */
export interface DeploymentEntitlements {
  readonly deployment: Deployment;
  readonly subscription: Subscription;
  readonly plan: PlanHead & { readonly version: number };
  readonly status: SubscriptionStatus;
  readonly standing: Standing;
  /** The version of the license that says the same; null when none can be verified. */
  readonly licenseVersion: number | null;
  /** Empty while nothing is granted. */
  readonly resolution: Resolution;
  readonly asOf: Date;
}

const NOTHING: Resolution = { modules: [], featureFlags: [], disabledModules: [] };

/** Tenant → active subscription → plan version → catalog items → entitlements; the rules are pure, in `domain/`. */
@Injectable()
export class EntitlementsService {
  constructor(
    private readonly deployments: DeploymentsService,
    private readonly subscriptions: SubscriptionsService,
    private readonly policies: PoliciesService,
    private readonly plans: PlansService,
    private readonly catalog: CatalogService,
    private readonly licenses: PresentLicenses,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async ofTenant(tx: Tx, tenantId: string): Promise<DeploymentEntitlements[]> {
    const found: DeploymentEntitlements[] = [];
    for (const deployment of await this.deployments.ofTenant(tx, tenantId)) {
      // One that was never subscribed grants nothing, and there is nothing to say of it.
      if (await this.subscriptions.find(tx, deployment.id)) found.push(await this.ofDeployment(tx, deployment));
    }
    return found;
  }

  async ofDeployment(tx: Tx, deployment: Deployment): Promise<DeploymentEntitlements> {
    const now = this.clock.now();
    const subscription = await this.subscriptions.required(tx, deployment.id);
    const { planCode, planVersion, endedAt, startedAt } = subscription;
    const version = await this.plans.publishedVersion(tx, planCode, planVersion);
    const claims = (await this.licenses.of(tx, deployment.id))?.claims ?? null;
    const standing = standingOf({
      now,
      deploymentState: deployment.state,
      startsAt: startedAt,
      endedAt,
      license: claims && { state: licenseState(claims, now), graceEndsAt: claims.graceEndsAt },
    });
    return {
      deployment,
      subscription,
      plan: { ...version.plan, version: version.version },
      status: subscriptionStatusOf(deployment.state, endedAt !== null && endedAt <= now),
      standing,
      licenseVersion: claims?.version ?? null,
      resolution: standing.isGranted ? await this.resolution(tx, subscription, version.content, now) : NOTHING,
      asOf: now,
    };
  }

  private async resolution(
    tx: Tx,
    subscription: Subscription,
    content: Awaited<ReturnType<PlansService['publishedVersion']>>['content'],
    now: Date,
  ): Promise<Resolution> {
    const policy = await this.policies.at(tx, subscription.deploymentId, now);
    const meters = await this.catalog.meters(tx);
    return resolve({
      now,
      plan: { code: subscription.planCode, version: subscription.planVersion },
      modules: content.modules,
      featureFlags: content.featureFlags,
      addons: subscription.addons.filter(({ detachedAt }) => detachedAt === null || now < detachedAt),
      ...policy,
      meters: new Map(meters.map(({ meter, authority, aggregation }) => [meter, { authority, aggregation }])),
    });
  }
}
