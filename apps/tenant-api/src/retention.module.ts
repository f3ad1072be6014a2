import { Inject, Module, type OnModuleInit } from '@nestjs/common';
import { forgetLimits, LIMITS_KEEP_MS, type Decider } from '@biplane/limits';
import {
  executeSql,
  JobRunner,
  Metrics,
  olderRows,
  RetentionJob,
  UnitOfWork,
  type RetentionRule,
} from '@biplane/service-kit';
import { DECIDER } from './features/license/index.js';

const DAY_MS = 24 * 3_600_000;
const WITHOUT_DATABASES = 'NOT EXISTS (SELECT 1 FROM fleet_migration m WHERE m.run_id = fleet_run.id)';
/** Which database went wrong and how, as long as the run itself. */
const OF_OLD_RUNS = `DELETE FROM fleet_migration WHERE ctid = ANY(ARRAY(
  SELECT m.ctid FROM fleet_migration m JOIN fleet_run r ON r.id = m.run_id WHERE r.ended_at < $1::timestamptz LIMIT $2::int))`;

/**
 * For how long what is no document is kept; docs/retention.md says it to operators. Windows, closes of hours and adjustments are
 * not here: they stay. Idempotency keys are forgotten by those who keep them.
 */
export const RETENTION: readonly RetentionRule[] = [
  olderRows('outbox', 'published_at', 7 * DAY_MS),
  // Twice as long as an event may be late: what comes again after that is too old to be counted.
  olderRows('usage_event_key', 'received_at', 70 * DAY_MS),
  // Thirteen months: totals of the year that is being closed can be recounted.
  olderRows('usage_event', 'received_at', 396 * DAY_MS),
  olderRows('usage_call', 'received_at', 396 * DAY_MS),
  // No limit has a period that reaches further back.
  olderRows('usage_carried', 'last_at', 70 * DAY_MS),
  // core-api keeps the violations that it made of them.
  olderRows('limit_event', 'last_at', 90 * DAY_MS),
  // A process that repeats a flush is younger by weeks.
  olderRows('usage_flush', 'flushed_at', 40 * DAY_MS),
  olderRows('home_process', 'seen_at', DAY_MS),
  {
    name: 'fleet_migration',
    keepMs: 396 * DAY_MS,
    forget: (tx, before, max) => executeSql(tx, OF_OLD_RUNS, [before.toISOString(), max]),
  },
  olderRows('fleet_run', 'ended_at', 396 * DAY_MS, WITHOUT_DATABASES),
];

/** What the engine of limits keeps; it says itself what has ended. */
export function limitsRetention(decider: Pick<Decider, 'log'>): readonly RetentionRule[] {
  return [
    { name: 'decision', keepMs: 90 * DAY_MS, forget: (tx, before, max) => decider.log.forget(tx, before, max) },
    {
      name: 'limit',
      keepMs: LIMITS_KEEP_MS,
      forget: (tx, before, max) => forgetLimits(tx, new Date(before.getTime() + LIMITS_KEEP_MS), max),
    },
  ];
}

@Module({})
export class RetentionModule implements OnModuleInit {
  constructor(
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(JobRunner) private readonly jobs: JobRunner,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(DECIDER) private readonly decider: Decider,
  ) {}

  onModuleInit(): void {
    const rules = [...RETENTION, ...limitsRetention(this.decider)];
    new RetentionJob(this.unitOfWork, rules, this.metrics).register(this.jobs);
  }
}
