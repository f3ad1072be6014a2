import { Module, type OnModuleInit } from '@nestjs/common';
import { JobRunner, Metrics, olderRows, RetentionJob, UnitOfWork, type RetentionRule } from '@biplane/service-kit';

const DAY_MS = 24 * 3_600_000;

/**
 * For how long what is no document is kept. Invoices, licenses, audit, the history of usage and what stands in the usage
 * quarantine are not here: they stay. Idempotency keys, limits and decisions are forgotten by those who keep them.
 */
export const RETENTION: readonly RetentionRule[] = [
  olderRows('outbox', 'published_at', 7 * DAY_MS),
  // Twice as long as an event may be late: what comes again after that is too old to be counted.
  olderRows('usage_event_key', 'received_at', 70 * DAY_MS),
  // Thirteen months: totals of the year that is being closed can be recounted.
  olderRows('usage_event', 'received_at', 396 * DAY_MS),
  olderRows('webhook_delivery', 'created_at', 30 * DAY_MS, `state <> 'waiting'`),
  // One row a denial; what a home told longer ago than 35 days is not taken.
  olderRows('violation_report', 'received_at', 70 * DAY_MS),
  olderRows('license_quarantine', 'last_at', 396 * DAY_MS),
];

@Module({})
export class RetentionModule implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: JobRunner,
    private readonly metrics: Metrics,
  ) {}

  onModuleInit(): void {
    new RetentionJob(this.unitOfWork, RETENTION, this.metrics).register(this.jobs);
  }
}
