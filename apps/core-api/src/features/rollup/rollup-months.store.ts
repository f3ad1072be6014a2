import { Injectable } from '@nestjs/common';
import { executeSql, querySql, type Tx } from '@biplane/service-kit';
import { opensAt } from './domain/schedule.js';

export interface DueMonth {
  readonly month: string;
  readonly nextDueAt: Date;
}

/** The schedule: which months were opened, and when each is due next. */
@Injectable()
export class RollupMonthsStore {
  async newest(tx: Tx): Promise<string | null> {
    const rows = await querySql<{ month: string | null }>(tx, 'SELECT max(month) AS month FROM rollup_month');
    return rows[0]?.month ?? null;
  }

  /** Harmless when another replica has opened it. */
  async open(tx: Tx, month: string): Promise<void> {
    const sql = `INSERT INTO rollup_month (month, opens_at, next_due_at) VALUES ($1, $2::timestamptz, $2::timestamptz)
      ON CONFLICT DO NOTHING`;
    await executeSql(tx, sql, [month, opensAt(month).toISOString()]);
  }

  /** Oldest month first. */
  due(tx: Tx, now: Date): Promise<DueMonth[]> {
    const sql = `SELECT month, next_due_at AS "nextDueAt" FROM rollup_month WHERE next_due_at <= $1::timestamptz ORDER BY month`;
    return querySql(tx, sql, [now.toISOString()]);
  }

  /** Only from the turn that was seen: another replica may have moved it. */
  async setNext(tx: Tx, month: string, from: Date, to: Date | null): Promise<boolean> {
    const sql =
      'UPDATE rollup_month SET next_due_at = $3::timestamptz WHERE month = $1 AND next_due_at = $2::timestamptz';
    return (await executeSql(tx, sql, [month, from.toISOString(), to?.toISOString() ?? null])) === 1;
  }

  /** Of a month that was opened and is not over with. */
  async relax(tx: Tx, month: string, to: Date | null): Promise<void> {
    const sql = 'UPDATE rollup_month SET next_due_at = $2::timestamptz WHERE month = $1 AND next_due_at IS NOT NULL';
    await executeSql(tx, sql, [month, to?.toISOString() ?? null]);
  }
}
