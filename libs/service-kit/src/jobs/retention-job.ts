import { Logger } from '@nestjs/common';
import { Counter } from 'prom-client';
import { executeSql, type Tx } from '../database/tx.js';
import type { UnitOfWork } from '../database/unit-of-work.js';
import type { Metrics } from '../metrics/metrics.js';
import type { JobRunner } from './job-runner.js';

/** For how long rows of one kind are kept. */
export interface RetentionRule {
  readonly name: string;
  readonly keepMs: number;
  /** Deletes at most `max` rows that are older than `before`; how many. */
  readonly forget: (tx: Tx, before: Date, max: number) => Promise<number>;
}

const REST_MS = 10 * 60_000;
/** Rows of one transaction: a delete holds its locks and its vacuum debt for a moment only. */
const ROWS_MAX = 1_000;
/** Transactions of one rule in one run: what is left over goes in the next, and no rule starves the others. */
const TURNS_MAX = 50;

/** A rule for a table whose rows age by one instant. The names are code, never input. */
export function olderRows(table: string, column: string, keepMs: number, where = 'true'): RetentionRule {
  const sql = `DELETE FROM ${table} WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM ${table} WHERE ${column} < $1::timestamptz AND ${where} LIMIT $2::int))`;
  return {
    name: table,
    keepMs,
    forget: (tx, before, max) => executeSql(tx, sql, [before.toISOString(), max]),
  };
}

/**
 * The one job of a database that forgets what has been kept long enough, by one table of rules. Harmless in several
 * replicas at once; a rule that fails is logged and leaves the others to their turn.
 */
export class RetentionJob {
  private readonly logger = new Logger('Retention');
  private readonly forgotten: Counter;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly rules: readonly RetentionRule[],
    { registry }: Metrics,
  ) {
    this.forgotten = new Counter({
      name: 'retention_rows_deleted_total',
      help: 'Rows that were kept long enough and are deleted',
      labelNames: ['rule'],
      registers: [registry],
    });
  }

  register(jobs: JobRunner): void {
    jobs.register({ name: 'retention', everyMs: REST_MS, run: (now) => this.run(now) });
  }

  async run(now: Date): Promise<void> {
    for (const rule of this.rules) {
      try {
        await this.follow(rule, now);
      } catch (error) {
        this.logger.error({ err: error, rule: rule.name }, 'rows that are due to be deleted are still there');
      }
    }
  }

  private async follow({ name, keepMs, forget }: RetentionRule, now: Date): Promise<void> {
    const before = new Date(now.getTime() - keepMs);
    for (let turn = 0; turn < TURNS_MAX; turn += 1) {
      const rows = await this.unitOfWork.run((tx) => forget(tx, before, ROWS_MAX));
      this.forgotten.inc({ rule: name }, rows);
      if (rows < ROWS_MAX) return;
    }
  }
}
