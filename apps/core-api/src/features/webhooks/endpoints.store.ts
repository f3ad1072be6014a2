import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { DisabledBecause, SealedSecrets, StoredEndpoint } from './endpoint.js';

@Injectable()
export class EndpointsStore {
  async insert(tx: Tx, endpoint: StoredEndpoint): Promise<void> {
    await client(tx).webhookEndpoint.create({ data: { ...endpoint, eventTypes: [...endpoint.eventTypes] } });
  }

  async find(tx: Tx, id: string): Promise<StoredEndpoint | null> {
    return (await client(tx).webhookEndpoint.findUnique({ where: { id } })) as StoredEndpoint | null;
  }

  /** Holds the row, so that two changes of one endpoint follow each other. */
  async lock(tx: Tx, id: string): Promise<StoredEndpoint | null> {
    await querySql(tx, 'SELECT 1 FROM webhook_endpoint WHERE id = $1::uuid FOR NO KEY UPDATE', [id]);
    return this.find(tx, id);
  }

  /** One creation per owner at a time, so that a race does not pass the limit. */
  async countForCreation(tx: Tx, tenantId: string | null): Promise<number> {
    await querySql(tx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text`, [`webhooks|${tenantId ?? ''}`]);
    return client(tx).webhookEndpoint.count({ where: { tenantId } });
  }

  async list(
    tx: Tx,
    filter: { tenantId?: string | undefined },
    afterId: string | null,
    take: number,
  ): Promise<StoredEndpoint[]> {
    const rows = await client(tx).webhookEndpoint.findMany({
      where: { ...filter, ...(afterId !== null && { id: { gt: afterId } }) },
      orderBy: { id: 'asc' },
      take,
    });
    return rows as StoredEndpoint[];
  }

  /**
   * Those that each event goes to, by its place: all of the platform's, and the tenant's own. Not one that is being deleted
   * right now: a change would wait for all its deliveries to go, and then fail for want of it.
   */
  async listeningTo(
    tx: Tx,
    events: readonly { readonly type: string; readonly tenantId: string | null }[],
  ): Promise<{ id: string; tenantId: string | null; event: number }[]> {
    return querySql(
      tx,
      `SELECT w.id, w.tenant_id AS "tenantId", (e.position - 1)::int AS event FROM webhook_endpoint w
       JOIN unnest($1::uuid[], $2::text[]) WITH ORDINALITY AS e(tenant_id, type, position)
         ON (w.tenant_id IS NULL OR w.tenant_id = e.tenant_id) AND (cardinality(w.event_types) = 0 OR e.type = ANY (w.event_types))
       WHERE w.state = 'enabled' ORDER BY e.position FOR KEY SHARE OF w SKIP LOCKED`,
      [events.map(({ tenantId }) => tenantId), events.map(({ type }) => type)],
    );
  }

  async setSecrets(tx: Tx, id: string, secrets: SealedSecrets, now: Date): Promise<void> {
    await client(tx).webhookEndpoint.update({
      where: { id },
      data: { ...secrets, updatedAt: now },
      select: { id: true },
    });
  }

  async setState(tx: Tx, id: string, disabledBecause: DisabledBecause | null, now: Date): Promise<void> {
    await client(tx).webhookEndpoint.update({
      where: { id },
      // Enabled again, it has its days anew.
      data: {
        state: disabledBecause === null ? 'enabled' : 'disabled',
        disabledBecause,
        updatedAt: now,
        ...(disabledBecause === null && { failingSince: null }),
      },
      select: { id: true },
    });
  }

  async remove(tx: Tx, id: string): Promise<void> {
    await client(tx).webhookEndpoint.delete({ where: { id }, select: { id: true } });
  }

  /** Since when it has been failing without a success between; null when it is gone. */
  async noteFailure(tx: Tx, id: string, now: Date): Promise<Date | null> {
    const [row] = await querySql<{ since: Date }>(
      tx,
      `UPDATE webhook_endpoint SET failing_since = coalesce(failing_since, $2) WHERE id = $1::uuid
       RETURNING failing_since AS since`,
      [id, now],
    );
    return row?.since ?? null;
  }

  async noteSuccess(tx: Tx, id: string): Promise<void> {
    await executeSql(
      tx,
      'UPDATE webhook_endpoint SET failing_since = NULL WHERE id = $1::uuid AND failing_since IS NOT NULL',
      [id],
    );
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
