import { Inject, Injectable } from '@nestjs/common';
import { compareDecimal, parseDecimal, RefusalError, ZERO_DECIMAL, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { CatalogService, PlansService, type PlanModule } from '../catalog/index.js';
import { DeploymentsService, EntitlementChanges, type Deployment } from '../deployments/index.js';
import {
  policyAt,
  type DeploymentPolicy,
  type ModuleEvent,
  type OverrideEvent,
  type PolicyEvents,
} from './domain/policy.js';
import type { FlagBody, OverrideBody } from './policies.dto.js';
import { PoliciesStore } from './policies.store.js';
import { PolicyErrors } from './policies.errors.js';
import { SubscriptionErrors } from './subscriptions.errors.js';
import { SubscriptionsStore } from './subscriptions.store.js';

const CODE = /^[a-z](?:_?[a-z0-9]){0,62}$/;
const FLAGS_MAX = 100;

interface Held {
  readonly deployment: Deployment;
  readonly modules: readonly PlanModule[];
  /** Modules of the plan and of what the add-ons grant. */
  readonly names: ReadonlySet<string>;
  readonly events: PolicyEvents;
  readonly now: Date;
}

/** What an operator decides for one deployment beside its plan. Each decision is a row for ever, and the next license follows in its transaction. */
@Injectable()
export class PoliciesService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: PoliciesStore,
    private readonly subscriptions: SubscriptionsStore,
    private readonly catalog: CatalogService,
    private readonly plans: PlansService,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  events(tx: Tx, deploymentId: string): Promise<PolicyEvents> {
    return this.store.events(tx, deploymentId);
  }

  async at(tx: Tx, deploymentId: string, now: Date): Promise<DeploymentPolicy> {
    return policyAt(await this.store.events(tx, deploymentId), now);
  }

  /** An event that its history lacks: what it may use stays what it is. The caller holds the deployment. */
  fillModule(tx: Tx, id: string, event: ModuleEvent): Promise<void> {
    return this.store.addModule(tx, id, event);
  }

  override(id: string, module: string, meter: string, body: OverrideBody, actor: Actor): Promise<void> {
    return this.change(id, async (tx, held) => {
      const until = this.until(body.until, held.now);
      await this.checkOverride(tx, held, module, meter, body);
      const { cap = null, strategy = null, reason } = body;
      const event = { module, meter, cap, strategy, reason, until, removed: false, actor: actor.id, at: held.now };
      await this.store.addOverride(tx, id, event);
      const after = { module, meter, cap, strategy, until };
      await this.record(tx, held, actor, 'override.set', { before: overrideOf(held, module, meter), after, reason });
    });
  }

  removeOverride(id: string, module: string, meter: string, actor: Actor): Promise<void> {
    return this.change(id, async (tx, held) => {
      const present = overrideOf(held, module, meter);
      if (!present) throw notThere(`No override of ${module}/${meter} holds`);
      const [reason, at] = ['removed', held.now];
      await this.store.addOverride(tx, id, { ...present, removed: true, reason, actor: actor.id, at });
      await this.record(tx, held, actor, 'override.removed', { before: present, reason });
    });
  }

  /** Switched on while it is on, or off while it is off, it says nothing new: no event, no license. */
  switchModule(id: string, module: string, enabled: boolean, actor: Actor): Promise<void> {
    return this.change(id, async (tx, held) => {
      if (!held.names.has(module)) throw moduleMissing(module, held.names);
      const isEnabled = !policyAt(held.events, held.now).disabledModules.includes(module);
      if (isEnabled === enabled) return false;
      await this.store.addModule(tx, id, { module, enabled, actor: actor.id, at: instantOf(held, module) });
      const action = enabled ? 'module.enabled' : 'module.disabled';
      await this.record(tx, held, actor, action, {
        before: { module, enabled: isEnabled },
        after: { module, enabled },
      });
      return true;
    });
  }

  setFlag(id: string, flag: string, body: FlagBody, actor: Actor): Promise<void> {
    return this.change(id, async (tx, held) => {
      const until = this.until(body.until, held.now);
      const flags = new Set([...held.events.flags.map((event) => event.flag), flag]);
      if (!CODE.test(flag) || flags.size > FLAGS_MAX) {
        throw new RefusalError(PolicyErrors.FLAG_INVALID({ detail: `A deployment holds at most ${FLAGS_MAX} flags` }));
      }
      const { enabled, reason } = body;
      const event = { flag, enabled, reason, until, removed: false, actor: actor.id, at: held.now };
      await this.store.addFlag(tx, id, event);
      await this.record(tx, held, actor, 'flag.set', { after: { flag, enabled, until }, reason });
    });
  }

  removeFlag(id: string, flag: string, actor: Actor): Promise<void> {
    return this.change(id, async (tx, held) => {
      const present = policyAt(held.events, held.now).flags.find((event) => event.flag === flag);
      if (!present) throw notThere(`No flag "${flag.slice(0, 64)}" of its own holds`);
      const event = { ...present, removed: true, reason: 'removed', actor: actor.id, at: held.now };
      await this.store.addFlag(tx, id, event);
      await this.record(tx, held, actor, 'flag.removed', { before: present });
    });
  }

  /** Under the row lock of the deployment, so that two decisions follow each other; `false`: nothing changed. */
  private change(id: string, work: (tx: Tx, held: Held) => Promise<boolean | void>): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      await this.deployments.lock(tx, id);
      const deployment = await this.deployments.required(tx, id);
      if (deployment.state === 'archived') {
        throw new RefusalError(PolicyErrors.DEPLOYMENT_ENDED({ detail: `Deployment ${id} is archived` }));
      }
      const subscription = await this.subscriptions.ofDeployment(tx, id);
      if (!subscription) {
        throw new RefusalError(SubscriptionErrors.NONE({ detail: `Deployment ${id} has no subscription` }));
      }
      const plan = await this.plans.publishedVersion(tx, subscription.planCode, subscription.planVersion);
      const { modules } = plan.content;
      const granted = subscription.addons.flatMap(({ grants }) => grants.map(({ module }) => module));
      const names = new Set([...modules.map(({ module }) => module), ...granted]);
      const now = this.clock.now();
      const held = { deployment, modules, names, now, events: await this.store.events(tx, id) };
      if ((await work(tx, held)) === false) return;
      await this.changes.changed(tx, { deploymentId: id, cause: 'policy', at: now });
    });
  }

  private async checkOverride(tx: Tx, held: Held, module: string, meter: string, body: OverrideBody): Promise<void> {
    if (!held.names.has(module)) throw moduleMissing(module, held.names);
    const known = (await this.catalog.meters(tx)).some((row) => row.meter === meter);
    if (!known) throw overrideInvalid(`There is no meter "${meter.slice(0, 64)}"`);
    if (body.cap === undefined && body.strategy === undefined) throw overrideInvalid('It has neither cap nor strategy');
    if (body.cap !== undefined) {
      const cap = parseDecimal(body.cap);
      if (!cap.ok || compareDecimal(cap.value, ZERO_DECIMAL) < 0) throw overrideInvalid('The cap is not zero or more');
    }
    const limits = held.modules.filter((each) => each.module === module).flatMap(({ limits: all }) => all);
    const limit = limits.find((each) => each.meter === meter);
    // A rate stands in the plan alone: without one a home could not throttle, and would refuse the license.
    if (body.strategy === 'throttle' && !limit?.rate) throw overrideInvalid('The plan gives this limit no rate');
  }

  private until(text: string | undefined, now: Date): Date | null {
    if (text === undefined) return null;
    const until = new Date(text);
    if (until > now) return until;
    throw new RefusalError(PolicyErrors.UNTIL_PAST({ detail: `${text} is not ahead of ${now.toISOString()}` }));
  }

  private async record(
    tx: Tx,
    held: Held,
    actor: Actor,
    action: string,
    change: { before?: unknown; after?: unknown; reason?: string },
  ): Promise<void> {
    const { id, tenantId } = held.deployment;
    await this.audit.record(tx, { actor, action, object: { type: 'deployment', id }, tenantId, ...change });
  }
}

function overrideOf({ events, now }: Held, module: string, meter: string): OverrideEvent | undefined {
  return policyAt(events, now).overrides.find((each) => each.module === module && each.meter === meter);
}

function moduleMissing(module: string, names: ReadonlySet<string>): RefusalError {
  const detail = `Neither the plan nor an add-on has the module "${module.slice(0, 64)}"`;
  return new RefusalError(PolicyErrors.MODULE_NOT_IN_PLAN({ detail, members: { allowed: [...names].sort() } }));
}

/** Clocks of two replicas may differ by a little: bills read these instants, and an interval never ends before it began. */
function instantOf({ events, now }: Held, module: string): Date {
  const last = events.modules.findLast((event) => event.module === module);
  return last !== undefined && last.at > now ? last.at : now;
}

function overrideInvalid(detail: string): RefusalError {
  return new RefusalError(PolicyErrors.OVERRIDE_INVALID({ detail }));
}

function notThere(detail: string): RefusalError {
  return new RefusalError(PolicyErrors.NOT_FOUND({ detail }));
}
