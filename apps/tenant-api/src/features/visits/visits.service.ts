import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, JobRunner, UnitOfWork } from '@biplane/service-kit';
import { HomeMoves, type MoveListener } from '../moves/index.js';
import { TenantHandles, type TenantHandle } from '../tenancy/index.js';
import {
  addUnvisited,
  endVisit,
  forgetVisits,
  HINT,
  hintVisit,
  takeVisits,
  type TakenVisit,
  type VisitKind,
} from './visits.store.js';

/** Somebody who looks into tenants' databases for work that is due there. */
export interface Visitor {
  readonly kind: VisitKind;
  /** Rest between two looks at the index, which is one statement in the home database. */
  readonly everyMs: number;
  /** Each database is visited again within this, due or not: so much of the index can be lost, and no more. */
  readonly againMs: number;
  /** Databases at once, in this process. */
  readonly atOnce: number;
  /** Does what is due; `mayGoOn` is asked before each part of it. Returns when there is something due next, or null. */
  readonly visit: (tenant: TenantHandle, mayGoOn: () => boolean) => Promise<Date | null>;
}

/** A process that died in a visit is followed by another after this. */
const TAKEN_MS = 120_000;
/** A visit that failed is. */
const FAILED_MS = 15_000;
const ADD_MAX = 200;

/**
 * Sends visitors into those tenants' databases where something is due, by an index in the home database: thousands of databases are not
 * asked each second whether they have work.
 */
@Injectable()
export class TenantVisits implements OnModuleInit, MoveListener, BeforeApplicationShutdown {
  private readonly logger = new Logger('Visits');
  private isStopping = false;
  private readonly underWay = new Set<{ readonly deploymentId: string; readonly ended: Promise<void> }>();

  constructor(
    @Inject(UnitOfWork) private readonly home: UnitOfWork,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(HomeMoves) private readonly moves: HomeMoves,
    @Inject(JobRunner) private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.moves.listen(this);
  }

  register(visitor: Visitor): void {
    const { kind, everyMs } = visitor;
    this.jobs.register({ name: `visit-${kind.replace('_', '-')}`, everyMs, run: (now) => this.send(visitor, now) });
  }

  /** After something was written that is due then. One that is lost is found when the database is visited again. */
  async hint(kind: VisitKind, deploymentId: string, dueAt: Date): Promise<void> {
    try {
      await this.home.run((tx) => hintVisit(tx, kind, deploymentId, dueAt), HINT);
    } catch (error) {
      this.logger.warn({ err: error, kind, deploymentId }, 'what is due is found when the database is visited again');
    }
  }

  /** What is under way goes no further once the license says that it drains, and is awaited. */
  async drain(deploymentId: string): Promise<void> {
    const of = [...this.underWay].filter((visit) => visit.deploymentId === deploymentId);
    await Promise.allSettled(of.map(({ ended }) => ended));
  }

  /** Visits under way go no further, and are awaited by who runs the jobs. */
  beforeApplicationShutdown(): void {
    this.isStopping = true;
  }

  async letGo(deploymentId: string): Promise<void> {
    await this.home.run((tx) => forgetVisits(tx, deploymentId));
  }

  private async send(visitor: Visitor, now: Date): Promise<void> {
    const { kind, againMs, atOnce } = visitor;
    const before = (ms: number): Date => new Date(now.getTime() - ms);
    const taken = await this.home.run(async (tx) => {
      await addUnvisited(tx, kind, now, ADD_MAX);
      const at = { now, visitedBefore: before(againMs), takenBefore: before(TAKEN_MS), take: atOnce };
      return takeVisits(tx, kind, at);
    }, HINT);
    await Promise.all(
      taken.map(async (visit) => {
        const ended = this.visit(visitor, visit);
        const entry = { deploymentId: visit.deploymentId, ended };
        this.underWay.add(entry);
        await ended.finally(() => this.underWay.delete(entry));
      }),
    );
  }

  private async visit({ kind, visit }: Visitor, taken: TakenVisit): Promise<void> {
    const { deploymentId } = taken;
    try {
      const tenant = this.handles.find(deploymentId);
      // It stands still for a while, and is visited again after TAKEN_MS, here or where it is served next.
      if (tenant && !this.mayGoOn(tenant)) return;
      // Its database stands here and it is served elsewhere: asked last again, lest those hide all others.
      const dueAt = tenant && (await visit(tenant, () => this.mayGoOn(tenant)));
      await this.home.run((tx) => endVisit(tx, kind, taken, { dueAt, at: this.clock.now() }), HINT);
    } catch (error) {
      this.logger.warn({ err: error, kind, deploymentId }, 'a visit failed; another one follows');
      const at = this.clock.now();
      const dueAt = new Date(at.getTime() + FAILED_MS);
      // When this fails too, it is due again as that of a process that died.
      await this.home.run((tx) => endVisit(tx, kind, taken, { dueAt, at }), HINT).catch(() => undefined);
    }
  }

  private mayGoOn(tenant: TenantHandle): boolean {
    return !this.isStopping && this.handles.isServing(tenant);
  }
}
