import { Module, type OnModuleInit } from '@nestjs/common';
import {
  executeSql,
  JobRunner,
  Metrics,
  olderRows,
  RetentionJob,
  UnitOfWork,
  type RetentionRule,
} from '@biplane/service-kit';

const DAY_MS = 24 * 3_600_000;

/** Each start of a home's replica is another instance, with a row for each license that it enforced. */
const ENFORCED_BY_SILENT = `DELETE FROM instance_license WHERE ctid = ANY(ARRAY(
  SELECT l.ctid FROM instance_license l JOIN instance i ON i.id = l.instance_id WHERE i.received_at < $1 LIMIT $2::int))`;
/** How fast a version spread; of the present one it is asked whether it did. */
const SPREAD_OF_OLD_VERSIONS = `NOT EXISTS (
  SELECT 1 FROM license_head h WHERE h.deployment_id = license_propagation.deployment_id AND h.version = license_propagation.version)`;
const WITHOUT_LICENSES = 'NOT EXISTS (SELECT 1 FROM instance_license l WHERE l.instance_id = instance.id)';
const WITHOUT_REPORTS = 'NOT EXISTS (SELECT 1 FROM violation_report r WHERE r.violation_id = violation.id)';

/**
 * For how long what is no document is kept; docs/retention.md says it to operators. Invoices, licenses, audit, operations, the
 * history of usage and what stands in the usage quarantine are not here: they stay (superseded licenses too: ADR 0021).
 * Idempotency keys, limits and decisions are forgotten by those who keep them.
 */
export const RETENTION: readonly RetentionRule[] = [
  olderRows('outbox', 'published_at', 7 * DAY_MS),
  // Twice as long as an event may be late: what comes again after that is too old to be counted.
  olderRows('usage_event_key', 'received_at', 70 * DAY_MS),
  // Thirteen months: totals of the year that is being closed can be recounted.
  olderRows('usage_event', 'received_at', 396 * DAY_MS),
  olderRows('webhook_delivery', 'created_at', 30 * DAY_MS, `state <> 'waiting'`),
  olderRows('mail', 'created_at', 90 * DAY_MS, `state <> 'waiting'`),
  // One row a denial; what a home told longer ago than 35 days is not taken.
  olderRows('violation_report', 'received_at', 70 * DAY_MS),
  // Thirteen months after it was resolved: the bills of the year that is being closed can be explained. An open one stays.
  olderRows('violation', 'resolved_at', 396 * DAY_MS, WITHOUT_REPORTS),
  olderRows('license_quarantine', 'last_at', 396 * DAY_MS),
  // Of a run what it issued stands in the audit; who stands parked stays until that is decided.
  olderRows('rollup_run', 'ended_at', 396 * DAY_MS),
  olderRows('rollup_parked', 'resolved_at', 396 * DAY_MS),
  olderRows('license_propagation', 'last_applied_at', 396 * DAY_MS, SPREAD_OF_OLD_VERSIONS),
  // What the cluster said stands in the conditions of the home.
  olderRows('home_observation', 'consumed_at', 30 * DAY_MS),
  // Of a namespace that was nobody's; one that is still there stays known.
  olderRows('home_orphan', 'deleted_at', 396 * DAY_MS),
  {
    name: 'instance_license',
    keepMs: 30 * DAY_MS,
    forget: (tx, before, max) => executeSql(tx, ENFORCED_BY_SILENT, [before, max]),
  },
  olderRows('instance', 'received_at', 30 * DAY_MS, WITHOUT_LICENSES),
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
