import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { RefusalError } from '@biplane/kernel';
import { principalMayRead, UnitOfWork, type Principal, type Tx } from '@biplane/service-kit';
import type { Actor } from '../audit/index.js';
import type { Deployment, DeploymentEvent, NewDeployment, NextPlacement, Placement } from './deployment.js';
import { DeploymentErrors } from './deployments.errors.js';
import { DeploymentsStore, type DeploymentFilter } from './deployments.store.js';

@Injectable()
export class DeploymentsService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: DeploymentsStore,
  ) {}

  /** Inserts a deployment with its first placement and its first event. */
  async record(tx: Tx, deployment: NewDeployment, actor: Actor): Promise<void> {
    await this.store.insert(tx, deployment);
    const { id, state, createdAt } = deployment;
    const created = { from: null, to: state, actor: actor.id, reason: 'created', cause: null, at: createdAt };
    await this.store.insertEvent(tx, id, created);
  }

  /** Refuses a slug that the tenant has already used; the caller holds the tenant. */
  async refuseTakenSlug(tx: Tx, tenantId: string, slug: string): Promise<void> {
    const present = await this.store.ofTenant(tx, tenantId);
    if (!present.some((deployment) => deployment.slug === slug)) return;
    throw new RefusalError(DeploymentErrors.SLUG_TAKEN({ detail: `The tenant has a deployment "${slug}"` }));
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

  /** An event that its history lacks: its state stays what it is. The caller holds the deployment. */
  fillEvent(tx: Tx, id: string, event: DeploymentEvent): Promise<void> {
    return this.store.insertEvent(tx, id, event);
  }

  async setPhase(tx: Tx, id: string, phase: string): Promise<void> {
    await this.store.setPhase(tx, id, phase);
  }

  async setFirstReady(tx: Tx, id: string, at: Date): Promise<void> {
    await this.store.setFirstReady(tx, id, at);
  }

  /** Another home serves it from now on; the caller holds the deployment, and issues the license that says so. */
  place(tx: Tx, id: string, next: NextPlacement): Promise<void> {
    return this.store.place(tx, id, next);
  }

  /** Nobody serves it any more. */
  endPlacement(tx: Tx, id: string, at: Date): Promise<void> {
    return this.store.endPlacement(tx, id, at);
  }

  lock(tx: Tx, id: string): Promise<void> {
    return this.store.lock(tx, id);
  }

  /** True when it was otherwise before. */
  setBillingActionSuspended(tx: Tx, id: string, suspended: boolean): Promise<boolean> {
    return this.store.setBillingActionSuspended(tx, id, suspended);
  }
}

function notFound(id: string): RefusalError {
  return new RefusalError(DeploymentErrors.NOT_FOUND({ detail: `There is no deployment ${id}` }));
}
