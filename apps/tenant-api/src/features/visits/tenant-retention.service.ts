import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CLOCK, Metrics, olderRows, type RetentionRule } from '@biplane/service-kit';
import type { Clock } from '@biplane/kernel';
import { Counter } from 'prom-client';
import type { TenantHandle } from '../tenancy/index.js';
import { TenantVisits } from './visits.service.js';

const DAY_MS = 24 * 3_600_000;
/** Between two looks at the index: databases that are due together are swept some at a time. */
const REST_MS = 2_000;
const AT_ONCE = 4;
/** Rows of one transaction: a delete holds its locks and its vacuum debt for a moment only. */
const ROWS_MAX = 1_000;
/** Transactions of one rule in one visit; what is left over waits for the next, which comes at once. */
const TURNS_MAX = 20;

/** What goes from tenants' own databases; docs/retention.md says it to operators. Both say themselves when they end. */
export const TENANT_RETENTION: readonly RetentionRule[] = [
  olderRows('member_session', 'expires_at', 0),
  olderRows('idempotency_key', 'expires_at', 0),
  olderRows('oidc_attempt', 'expires_at', 0),
];

/** Visits each tenant's database once a day, and deletes what has ended. */
@Injectable()
export class TenantRetention implements OnModuleInit {
  private readonly forgotten: Counter;

  constructor(
    @Inject(TenantVisits) private readonly visits: TenantVisits,
    @Inject(Metrics) { registry }: Metrics,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {
    this.forgotten = new Counter({
      name: 'tenant_retention_rows_deleted_total',
      help: "Rows of tenants' databases that were kept long enough and are deleted",
      labelNames: ['rule'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    const visit = (tenant: TenantHandle, mayGoOn: () => boolean): Promise<Date | null> => this.sweep(tenant, mayGoOn);
    this.visits.register({ kind: 'retention', everyMs: REST_MS, againMs: DAY_MS, atOnce: AT_ONCE, visit });
  }

  /** Now again when rows are left over. */
  private async sweep(tenant: TenantHandle, mayGoOn: () => boolean): Promise<Date | null> {
    const now = this.clock.now();
    let isDone = true;
    for (const { name, keepMs, forget } of TENANT_RETENTION) {
      const before = new Date(now.getTime() - keepMs);
      for (let turn = 0, rows = ROWS_MAX; rows === ROWS_MAX; turn += 1) {
        if (turn === TURNS_MAX || !mayGoOn()) {
          isDone = false;
          break;
        }
        rows = await tenant.run((tx) => forget(tx, before, ROWS_MAX));
        this.forgotten.inc({ rule: name }, rows);
      }
    }
    return isDone ? null : now;
  }
}
