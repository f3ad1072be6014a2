import { readFileSync } from 'node:fs';
import { SystemClock, type UnitOfWork } from '@biplane/service-kit';
import { eventually, testUnitOfWork } from '@biplane/testing';
import { BillingReplica } from './billing-replica.js';
import { holdAccount } from './held-account.js';
import { firstOfMonth, insertManyItems } from './many-items.js';
import type { MoveScene } from './move-scene.js';

const clock = new SystemClock();

export interface BilledRun {
  readonly state: string;
  readonly done: number;
  readonly failures: number;
}

/** Members of a scene's tenant who owe something, and the runs that charge it, wherever it is served. */
export class MovedBilling {
  constructor(private readonly scene: MoveScene) {}

  /** A second replica of the pool, in this process: it looks when a suite says so, and hears of no license unless it is told. */
  async replica(): Promise<{ replica: BillingReplica; close: () => Promise<void> }> {
    const { keys } = JSON.parse(readFileSync(this.scene.fieldKeysFile, 'utf8')) as { keys: Record<string, string> };
    const unitOfWork: UnitOfWork = await testUnitOfWork('home', this.scene.poolDatabase.url);
    const fieldKey = Buffer.from(keys['1'] ?? '', 'base64');
    const replica = new BillingReplica({ ...this.scene.poolParts, clock, unitOfWork, fieldKey });
    await this.tell(replica);
    const close = async (): Promise<void> => {
      await replica.close();
      await unitOfWork.close();
    };
    return { replica, close };
  }

  async tell(replica: BillingReplica): Promise<void> {
    for (const record of this.scene.records) await replica.home.keeper.takeRecord(record);
  }

  /** So many items, each due for one period; waits until the tenant's database is there. */
  async fill(members: number): Promise<void> {
    await eventually(() => this.scene.tenant('SELECT 1 FROM product'), { deadlineMs: 60_000 });
    const query = (sql: string, values: unknown[]) => this.scene.tenant(sql, values);
    await insertManyItems(query, { members, startsOn: firstOfMonth(clock.now()) });
  }

  /** Whoever comes to the account of the item in that place waits. Returns how to let go. */
  hold(place: number): Promise<() => Promise<void>> {
    return holdAccount(this.scene.tenantUrl, place, clock.now());
  }

  /** The turn of the schedule has come; the index of the pool, which has read the database, says nothing of it for an hour. */
  async makeDue(): Promise<void> {
    await this.scene.tenant(
      `INSERT INTO billing_schedule VALUES ('billing', NULL, 'Europe/Zurich', true, $1, $1)
       ON CONFLICT (kind) DO UPDATE SET next_due_at = excluded.next_due_at`,
      [clock.now()],
    );
  }

  async isWaiting(): Promise<boolean> {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
    return (await this.scene.tenant(sql)).length > 0;
  }

  /** Whether a home's login may only read there. */
  async isClosed(): Promise<boolean> {
    const sql = `SELECT 1 FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                  WHERE r.rolname LIKE 'tenant\\_' || replace($1, '-', '') || '%' AND s.setconfig::text LIKE '%read_only=on%'`;
    return (await this.scene.tenant(sql, [this.scene.deploymentId])).length > 0;
  }

  runs(): Promise<BilledRun[]> {
    return this.scene.tenant<BilledRun>('SELECT state, done, failures FROM billing_run ORDER BY due_at');
  }

  /** How many periods were decided, and of how many items: as many, when each was once. */
  async charged(): Promise<{ periods: number; items: number; entries: number } | undefined> {
    const [row] = await this.scene.tenant<{ periods: number; items: number; entries: number }>(
      `SELECT count(*)::int AS periods, count(DISTINCT item_id)::int AS items, (SELECT count(*)::int FROM journal_entry) AS entries
         FROM item_period WHERE state = 'charged'`,
    );
    return row;
  }
}
