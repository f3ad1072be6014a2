import { Inject, Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, principalMayRead, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import type { Deployment, DeploymentEvent, NewDeployment, Placement } from './deployment.js';
import { DeploymentErrors } from './deployments.errors.js';
import { DeploymentsStore, type DeploymentFilter } from './deployments.store.js';
import { allowedTransitions, type DeploymentState } from './domain/deployment-state.js';
import { activeStretches, suspendedStretches } from './domain/stretches.js';
import type { SuspensionCause } from './domain/suspension.js';
import { EntitlementChanges } from './entitlement-changes.js';
import { SuspensionsStore } from './suspensions.store.js';

export interface DeploymentActivity {
  readonly active: ReturnType<typeof activeStretches>;
  readonly suspended: ReturnType<typeof suspendedStretches>;
}

export interface TransitionReason {
  readonly reason: string;
  readonly actor: Actor;
  readonly at: Date;
  /** Of a suspension; the operator's when it is left out. */
  readonly cause?: SuspensionCause;
}

@Injectable()
export class DeploymentsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeploymentsStore,
    private readonly suspensions: SuspensionsStore,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Inserts a deployment with its first placement and its first event. */
  async record(tx: Tx, deployment: NewDeployment, actor: Actor): Promise<void> {
    await this.store.insert(tx, deployment);
    const { id, state, createdAt } = deployment;
    await this.store.insertEvent(tx, id, { from: null, to: state, actor: actor.id, reason: 'created', at: createdAt });
  }

  list(filter: DeploymentFilter, afterId: string | null, take: number): Promise<Deployment[]> {
    return this.store.list(this.unitOfWork.reader, filter, afterId, take);
  }

  async required(tx: Tx, id: string): Promise<Deployment> {
    const deployment = (await this.store.find(tx, [id]))[0];
    if (deployment) return deployment;
    throw notFound(id);
  }

  /** 404 for another tenant's deployment too: whether it exists is not told. */
  async readable(tx: Tx, id: string, principal: Principal): Promise<Deployment> {
    const deployment = await this.required(tx, id);
    if (!principalMayRead(principal, deployment.tenantId)) throw notFound(id);
    return deployment;
  }

  /** Those that are known, by id: with tenant, region and placement history, for whoever judges what homes report. */
  async findMany(tx: Tx, ids: readonly string[]): Promise<Map<string, Deployment>> {
    return new Map((await this.store.find(tx, ids)).map((deployment) => [deployment.id, deployment]));
  }

  ofTenant(tx: Tx, tenantId: string): Promise<Deployment[]> {
    return this.store.ofTenant(tx, tenantId);
  }

  /** The deployments that the home held at any time after `since`. */
  ofHome(tx: Tx, homeId: string, since: Date): Promise<Deployment[]> {
    return this.store.ofHome(tx, homeId, since);
  }

  /** Which home held any deployment when, as far as it touches the period. */
  placementsDuring(tx: Tx, period: Period): Promise<Placement[]> {
    return this.store.placementsDuring(tx, period);
  }

  async events(tx: Tx, id: string): Promise<DeploymentEvent[]> {
    return (await this.store.events(tx, [id])).get(id) ?? [];
  }

  /** When it is charged for, within the term of its subscription, and when it was suspended meanwhile. */
  async activity(
    tx: Tx,
    deployment: Deployment,
    term: { readonly startedAt: Date; readonly endedAt: Date | null },
  ): Promise<DeploymentActivity> {
    const changes = await this.events(tx, deployment.id);
    return {
      active: activeStretches({ changes, firstReadyAt: deployment.firstReadyAt, ...term }),
      suspended: suspendedStretches(changes),
    };
  }

  async setPhase(tx: Tx, id: string, phase: string): Promise<void> {
    await this.store.setPhase(tx, id, phase);
  }

  async setFirstReady(tx: Tx, id: string, at: Date): Promise<void> {
    await this.store.setFirstReady(tx, id, at);
  }

  lock(tx: Tx, id: string): Promise<void> {
    return this.store.lock(tx, id);
  }

  transition(id: string, to: DeploymentState, reason: string, actor: Actor): Promise<Deployment> {
    return this.unitOfWork.run((tx) => this.transitionIn(tx, id, to, { reason, actor, at: this.clock.now() }));
  }

  /** Validated against the map, recorded with its actor, and followed by the next license version, all in one transaction. */
  async transitionIn(tx: Tx, id: string, to: DeploymentState, because: TransitionReason): Promise<Deployment> {
    await this.store.lock(tx, id);
    const before = await this.required(tx, id);
    const allowed = allowedTransitions(before.state);
    if (!allowed.includes(to)) {
      const detail = `${before.state} → ${to} is not allowed`;
      throw new RefusalError(
        DeploymentErrors.TRANSITION_FORBIDDEN({ detail, members: { from: before.state, allowed } }),
      );
    }
    const { reason, actor, at } = because;
    await this.keepSuspensions(tx, before, to, because);
    await this.store.setState(tx, id, to);
    await this.store.insertEvent(tx, id, { from: before.state, to, actor: actor.id, reason, at });
    await this.audit.record(tx, {
      actor,
      action: 'deployment.transitioned',
      object: { type: 'deployment', id },
      tenantId: before.tenantId,
      before: { state: before.state },
      after: { state: to },
      reason,
    });
    await this.platformEvents.emit(tx, {
      type: 'deployment.transitioned',
      tenantId: before.tenantId,
      deploymentId: id,
      subject: id,
      time: this.clock.now(),
      data: { from: before.state, to, at: at.toISOString(), reason },
    });
    await this.changes.changed(tx, { deploymentId: id, cause: 'transition', from: before.state, to, reason, at });
    return this.required(tx, id);
  }

  /** A suspension is written down with its cause; who lifts one by hand lifts the operator's alone. */
  private async keepSuspensions(
    tx: Tx,
    { id, state }: Deployment,
    to: DeploymentState,
    { at, cause = 'operator' }: TransitionReason,
  ): Promise<void> {
    if (to === 'suspended') await this.suspensions.add(tx, id, cause, state, at);
    if (state !== 'suspended') return;
    const others = (await this.suspensions.open(tx, id)).filter((open) => open.cause !== 'operator');
    if (to === 'active' && others.length > 0) {
      const causes = others.map((open) => open.cause);
      const detail = `It is suspended by: ${causes.join(', ')}`;
      throw new RefusalError(DeploymentErrors.SUSPENSION_HOLDS({ detail, members: { causes } }));
    }
    await this.suspensions.close(tx, id, null, at);
  }
}

function notFound(id: string): RefusalError {
  return new RefusalError(DeploymentErrors.NOT_FOUND({ detail: `There is no deployment ${id}` }));
}
