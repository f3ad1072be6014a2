import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { Decider, LimitKey } from '@biplane/limits';
import {
  decide,
  limitPeriod,
  type Decision,
  type LicenseClaims,
  type LimitWindow,
  type MeterAggregation,
} from '@biplane/licensing';
import { Outbox } from '@biplane/messaging';
import { JobRunner, Metrics, RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { TestIssuer } from '@biplane/testing';
import type { KeptLicenses } from '../features/limits/limits.ports.js';
import { LimitEvents } from '../features/limits/limit-events.service.js';
import { LimitJobs } from '../features/limits/limit-jobs.service.js';
import { homeDecider } from '../features/limits/limits.module.js';
import { HomeSleep } from '../features/metrics/home-sleep.service.js';
import { WindowCallCounter } from '../features/metrics/call-counter.service.js';
import type { MeteredLicenses } from '../features/metrics/metrics.ports.js';
import { MetricsService } from '../features/metrics/metrics.service.js';
import { windowUsage } from '../features/metrics/usage-source.store.js';
import { UsageMetrics } from '../features/metrics/usage.metrics.js';
import { UsageReconciler } from '../features/metrics/usage-reconciler.service.js';
import { UsageReporter } from '../features/metrics/usage-reporter.service.js';

export interface UsageRigOptions {
  readonly clock: Clock;
  readonly unitOfWork: UnitOfWork;
  readonly homeId: string;
  readonly licenses: TestLicenses;
  /** A pool's, unless it says so. */
  readonly kind?: 'dedicated';
}

// These suites provoke what the services warn of.
Logger.overrideLogger(['fatal']);

/** Machines that run suites are slow now and then; that an answer comes in 250 ms is held by libs/limits. */
const ANSWER_MS = 10_000;

/** The counting of one replica, wired as its module wires it. Its jobs run when a suite says so. */
export class UsageReplica {
  readonly metrics: MetricsService;
  readonly counter: WindowCallCounter;
  readonly reporter: UsageReporter;
  readonly sleep: HomeSleep;
  readonly decider: Decider;
  readonly events: LimitEvents;
  readonly limitJobs: LimitJobs;
  readonly reconciler: UsageReconciler;

  constructor(private readonly options: UsageRigOptions) {
    const { clock, unitOfWork, homeId, licenses, kind = 'shared' } = options;
    const home = { homeId, kind, region: 'eu-1', instanceId: randomUUID() } as const;
    const jobs = new JobRunner(clock, new Metrics());
    const [ids, outbox, metrics] = [new RandomIds(clock), new Outbox({ clock }), new Metrics()];
    this.events = new LimitEvents(home, unitOfWork, outbox, clock, ids);
    const parts = { unitOfWork, clock, ids, metrics, answerMs: ANSWER_MS };
    this.decider = homeDecider(home, licenses, this.events, parts);
    this.limitJobs = new LimitJobs(this.decider, licenses, this.events, unitOfWork, clock, jobs);
    this.metrics = new MetricsService(licenses, unitOfWork, clock, this.decider);
    this.counter = new WindowCallCounter(unitOfWork, clock, ids, this.decider, jobs);
    this.reporter = new UsageReporter(home, licenses, unitOfWork, outbox, jobs);
    this.sleep = new HomeSleep(home, licenses, unitOfWork, this.counter, this.reporter, clock, ids, jobs);
    const usageMetrics = new UsageMetrics(metrics);
    this.reconciler = new UsageReconciler(home, licenses, this.decider, unitOfWork, clock, usageMetrics, jobs);
    this.reporter.onModuleInit();
    this.sleep.onModuleInit();
    this.limitJobs.onModuleInit();
  }

  /** What this home has counted for a limit of the window that holds `now`. */
  used(
    deploymentId: string,
    meter: string,
    aggregation: MeterAggregation,
    window: LimitWindow,
    now: Date,
    zone: string,
  ) {
    const key: LimitKey = { deploymentId, meter, aggregation, window, period: limitPeriod(window, now, zone) };
    return windowUsage.used(this.options.unitOfWork.reader, key, aggregation);
  }

  /** A call at the door of a route with `@Meters`, counted when it is admitted. */
  call(deploymentId: string, meter = 'api_calls', action = 'financials:automated_billing') {
    const license = this.options.licenses.claimsOf(deploymentId);
    const counted = (at: Date): void => this.counter.count(license, meter, 1, at);
    return this.decider.admit({ license, deploymentId, action, meter, principal: 'test', counted });
  }
}

/** Licenses as the license feature answers them. */
export class TestLicenses implements MeteredLicenses, KeptLicenses {
  private readonly held = new Map<string, LicenseClaims>();
  private hasReadAll = true;
  private readonly listeners: ((changed: readonly string[]) => void)[] = [];

  constructor(
    private readonly homeId: string,
    private readonly clock: Clock,
  ) {}

  now(): Date {
    return this.clock.now();
  }

  holdsAll(): boolean {
    return this.hasReadAll;
  }

  /** As a process that has just started. */
  whileUnread<T>(work: () => Promise<T>): Promise<T> {
    this.hasReadAll = false;
    return work().finally(() => (this.hasReadAll = true));
  }

  get(deploymentId: string): { readonly claims: LicenseClaims } | undefined {
    const claims = this.held.get(deploymentId);
    return claims && { claims };
  }

  decide(deploymentId: string, action: string): Decision {
    const license = this.held.get(deploymentId);
    return decide({ license, deploymentId, homeId: this.homeId, action, now: this.now() });
  }

  /** Whoever asks takes the exact way. */
  decideCounted(): undefined {
    return undefined;
  }

  /** A deployment of its own with the meters of every kind, placed at `startsAt`. */
  place(startsAt: string, timeZone = 'Australia/Brisbane', deploymentId: string = randomUUID()): string {
    const issuer = new TestIssuer('eu-1', new Date(startsAt));
    const placement = { deploymentId, tenantId: randomUUID(), homeId: this.homeId };
    this.held.set(
      deploymentId,
      issuer.claims(placement, {
        startsAt,
        calendar: { timeZone },
        meters: {
          api_calls: { authority: 'data', aggregation: 'sum' },
          droplet_hours: { authority: 'data', aggregation: 'sum' },
          peak_users: { authority: 'data', aggregation: 'peak' },
          storage_gb: { authority: 'data', aggregation: 'last' },
          seats: { authority: 'control', aggregation: 'last' },
        },
      }),
    );
    this.listeners.forEach((listener) => listener([deploymentId]));
    return deploymentId;
  }

  change(deploymentId: string, changes: Partial<LicenseClaims>): void {
    this.held.set(deploymentId, { ...this.claimsOf(deploymentId), ...changes });
    this.listeners.forEach((listener) => listener([deploymentId]));
  }

  claimsOf(deploymentId: string): LicenseClaims {
    const claims = this.held.get(deploymentId);
    if (claims === undefined) throw new Error(`No license of ${deploymentId}`);
    return claims;
  }

  ownLicenseOf(deploymentId: string): LicenseClaims | undefined {
    return this.held.get(deploymentId);
  }

  ownLicenses(): LicenseClaims[] {
    return [...this.held.values()];
  }

  onChange(listener: (changed: readonly string[]) => void): void {
    this.listeners.push(listener);
  }
}

export interface EventText {
  readonly id: string;
  readonly time: string;
  readonly quantity: string;
  readonly meter?: string;
  readonly source?: string;
}

/** An event as a submitter writes it. */
export function usageEvent(deploymentId: string, { id, time, quantity, meter, source }: EventText): object {
  return {
    specversion: '1.0',
    id,
    source: source ?? '/regions/eu-1/scheduler',
    type: 'dev.biplane.usage',
    time,
    subject: deploymentId,
    data: { meter: meter ?? 'droplet_hours', quantity },
  };
}
