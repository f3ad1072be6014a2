import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { AuditStore, type AuditRow } from './audit.store.js';

/** Who asked for a change, and in which request. Jobs are actors too: `job:<name>`. */
export interface Actor {
  readonly id: string;
  readonly requestId: string | null;
}

export interface AuditRecord {
  readonly actor: Actor;
  /** `<noun>.<verb in the past>`, e.g. `tenant.created`. */
  readonly action: string;
  readonly object: { readonly type: string; readonly id: string };
  readonly tenantId?: string | null;
  readonly before?: unknown;
  readonly after?: unknown;
  readonly reason?: string | null;
}

/** Every change records itself here, in its own transaction. Never given a secret, a mail address or a tax id. */
@Injectable()
export class Audit {
  constructor(
    private readonly store: AuditStore,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async record(tx: Tx, record: AuditRecord): Promise<void> {
    await this.store.insert(tx, rowOf(record, this.clock.now()));
  }

  /** The same for many changes of one transaction, in one statement. */
  async recordAll(tx: Tx, records: readonly AuditRecord[]): Promise<void> {
    if (records.length === 0) return;
    const at = this.clock.now();
    await this.store.insertAll(
      tx,
      records.map((record) => rowOf(record, at)),
    );
  }
}

function rowOf(record: AuditRecord, at: Date): AuditRow {
  return {
    at,
    actor: record.actor.id,
    requestId: record.actor.requestId,
    action: record.action,
    objectType: record.object.type,
    objectId: record.object.id,
    tenantId: record.tenantId ?? null,
    before: record.before ?? null,
    after: record.after ?? null,
    reason: record.reason ?? null,
  };
}

export function jobActor(name: string): Actor {
  return { id: `job:${name}`, requestId: null };
}
