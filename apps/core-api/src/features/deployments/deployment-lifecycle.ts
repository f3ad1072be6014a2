import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { PlatformEvents } from '../events/index.js';
import type { Deployment } from './deployment.js';
import { DeploymentErrors } from './deployments.errors.js';
import { DeploymentsService } from './deployments.service.js';
import { DeploymentsStore } from './deployments.store.js';
import { transitionsOf, type DeploymentState } from './domain/deployment-state.js';
import { dunningOutcome, type TransitionCause } from './domain/transition-cause.js';
import { EntitlementChanges, type CancellationEnd } from './entitlement-changes.js';
import { SuspensionsStore } from './suspensions.store.js';

export interface TransitionRequest {
  readonly deploymentId: string;
  readonly to: DeploymentState;
  readonly actor: Actor;
  readonly reason: string;
  /** Who asks for it; an operator when it is left out. */
  readonly cause?: TransitionCause;
  /** When it took effect; now when it is left out. */
  readonly at?: Date;
  /** Of a cancellation: the period's end when it is left out. */
  readonly endsAt?: CancellationEnd;
}

export interface Transitioned {
  readonly deployment: Deployment;
  /** Of dunning alone: `held` while `billingActionSuspended`, `inapplicable` when the map knows no way there. */
  readonly outcome: 'done' | 'held' | 'inapplicable';
}

type Due = (tx: Tx, deployment: Deployment, now: Date) => Promise<void>;

/**
 * The one way in which a deployment changes its state: validated against the map, recorded with its actor, and followed by
 * the next license version, all in the caller's transaction.
 */
@Injectable()
export class DeploymentLifecycle {
  private readonly due: Due[] = [];

  constructor(
    private readonly deployments: DeploymentsService,
    private readonly store: DeploymentsStore,
    private readonly suspensions: SuspensionsStore,
    private readonly changes: EntitlementChanges,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What the Clock alone has brought about is carried out before anything else is, however late its job runs. */
  onDue(handler: Due): void {
    this.due.push(handler);
  }

  /** 422 with `allowed` when the map knows no way; dunning, which nobody waits for, is told by the outcome instead. */
  async transition(tx: Tx, request: TransitionRequest): Promise<Transitioned> {
    const { deploymentId: id, to, cause = 'operator' } = request;
    await this.store.lock(tx, id);
    const now = this.clock.now();
    const found = await this.deployments.required(tx, id);
    if (cause !== 'trial') for (const handler of this.due) await handler(tx, found, now);
    const before = await this.deployments.required(tx, id);
    const outcome = cause === 'dunning' ? dunningOutcome(before, to) : 'done';
    if (outcome === 'held' || outcome === 'inapplicable') return { deployment: before, outcome };
    // One that something else keeps suspended is kept so by dunning too: each cause is lifted by itself.
    if (outcome === 'joined') await this.join(tx, before, request, now);
    else await this.carryOut(tx, before, { ...request, cause }, now);
    return { deployment: await this.deployments.required(tx, id), outcome: 'done' };
  }

  private async carryOut(
    tx: Tx,
    before: Deployment,
    request: TransitionRequest & { readonly cause: TransitionCause },
    now: Date,
  ): Promise<void> {
    const { id, state, tenantId } = before;
    const { to, actor, reason, cause, endsAt } = request;
    const allowed = transitionsOf(before);
    if (!allowed.includes(to)) {
      const detail = `${state} → ${to} is not allowed`;
      throw new RefusalError(DeploymentErrors.TRANSITION_FORBIDDEN({ detail, members: { from: state, allowed } }));
    }
    // Clocks of two replicas may differ by a little: an interval never ends before it began.
    const at = later(request.at ?? now, await this.store.lastEventAt(tx, id));
    await this.keepSuspensions(tx, before, request, at);
    await this.store.setState(tx, id, to);
    await this.store.insertEvent(tx, id, { from: state, to, actor: actor.id, reason, cause, at });
    await this.audit.record(tx, {
      actor,
      action: 'deployment.transitioned',
      object: { type: 'deployment', id },
      tenantId,
      before: { state },
      after: { state: to, cause },
      reason,
    });
    await this.platformEvents.emit(tx, {
      type: 'deployment.transitioned',
      tenantId,
      deploymentId: id,
      subject: id,
      time: now,
      data: { from: state, to, at: at.toISOString(), reason },
    });
    const change = { deploymentId: id, cause: 'transition', from: state, to, reason, at };
    await this.changes.changed(tx, { ...change, ...(endsAt !== undefined && { endsAt }) });
  }

  private async join(tx: Tx, before: Deployment, request: TransitionRequest, now: Date): Promise<void> {
    const [first] = await this.suspensions.open(tx, before.id);
    const added = await this.suspensions.add(tx, before.id, 'dunning', first?.fromState ?? 'active', now);
    if (!added) return;
    await this.audit.record(tx, {
      actor: request.actor,
      action: 'deployment.suspension_joined',
      object: { type: 'deployment', id: before.id },
      tenantId: before.tenantId,
      after: { cause: 'dunning' },
      reason: request.reason,
    });
  }

  /** A suspension is written down with its cause; who lifts one by hand lifts the operator's alone. */
  private async keepSuspensions(
    tx: Tx,
    { id, state }: Deployment,
    { to, cause }: TransitionRequest & { readonly cause: TransitionCause },
    at: Date,
  ): Promise<void> {
    if (to === 'suspended') await this.suspensions.add(tx, id, cause === 'trial' ? 'operator' : cause, state, at);
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

function later(at: Date, last: Date | null): Date {
  return last !== null && last > at ? last : at;
}
