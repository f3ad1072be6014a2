import { randomUUID } from 'node:crypto';
import type { Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { Outbox } from '@biplane/messaging';
import { JobRunner, Metrics, RandomIds, type UnitOfWork } from '@biplane/service-kit';
import { WindowCallCounter } from '../features/metrics/call-counter.service.js';
import type { MeteredLicenses } from '../features/metrics/metrics.ports.js';
import { MetricsService } from '../features/metrics/metrics.service.js';
import { WindowUsageReader } from '../features/metrics/usage-reader.service.js';
import { UsageReporter } from '../features/metrics/usage-reporter.service.js';
import { TestIssuer } from './test-issuer.js';

export interface UsageRigOptions {
  readonly clock: Clock;
  readonly unitOfWork: UnitOfWork;
  readonly homeId: string;
  readonly licenses: TestLicenses;
}

/** The counting of one replica, wired as its module wires it. Its jobs run when a suite says so. */
export class UsageReplica {
  readonly metrics: MetricsService;
  readonly counter: WindowCallCounter;
  readonly reader: WindowUsageReader;
  readonly reporter: UsageReporter;

  constructor({ clock, unitOfWork, homeId, licenses }: UsageRigOptions) {
    const home = { homeId, kind: 'shared', region: 'eu-1', instanceId: randomUUID() } as const;
    const jobs = new JobRunner(clock, new Metrics());
    this.metrics = new MetricsService(licenses, unitOfWork, clock);
    this.counter = new WindowCallCounter(unitOfWork, clock, new RandomIds(clock), jobs);
    this.reader = new WindowUsageReader(unitOfWork, this.counter);
    this.reporter = new UsageReporter(home, licenses, unitOfWork, new Outbox({ clock }), jobs);
    this.reporter.onModuleInit();
  }
}

/** Licenses as the license feature answers them. */
export class TestLicenses implements MeteredLicenses {
  private readonly held = new Map<string, LicenseClaims>();
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly homeId: string) {}

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
    this.listeners.forEach((listener) => listener());
    return deploymentId;
  }

  change(deploymentId: string, changes: Partial<LicenseClaims>): void {
    this.held.set(deploymentId, { ...this.claimsOf(deploymentId), ...changes });
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

  onChange(listener: () => void): void {
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
