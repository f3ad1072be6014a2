import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { AttemptOutcome, Claim, DeliveryState, WebhookDelivery } from './delivery.js';

export interface DeliveryFilter {
  readonly tenantId?: string | undefined;
  readonly endpointId?: string | undefined;
  readonly state?: string | undefined;
  readonly eventType?: string | undefined;
  readonly eventId?: string | undefined;
}

export interface ClaimLimits {
  readonly take: number;
  /** In flight for one endpoint, in all replicas together; one that fails gets a single attempt at a time. */
  readonly perEndpoint: number;
  readonly leaseMs: number;
}

@Injectable()
export class DeliveriesStore {
  async insert(tx: Tx, deliveries: readonly WebhookDelivery[]): Promise<void> {
    await client(tx).webhookDelivery.createMany({ data: [...deliveries] });
  }

  async find(tx: Tx, id: string): Promise<WebhookDelivery | null> {
    return (await client(tx).webhookDelivery.findUnique({ where: { id } })) as WebhookDelivery | null;
  }

  /** Newest first. */
  async list(tx: Tx, filter: DeliveryFilter, beforeId: string | null, take: number): Promise<WebhookDelivery[]> {
    const rows = await client(tx).webhookDelivery.findMany({
      where: { ...filter, ...(beforeId !== null && { id: { lt: beforeId } }) },
      orderBy: { id: 'desc' },
      take,
    });
    return rows as WebhookDelivery[];
  }

  /**
   * Takes what is due for this process, endpoint by endpoint: those that work come first, so that many that hang cannot hold them up. Of
   * two replicas each takes other rows, and a row whose holder died is free again when its lease ends.
   */
  claim(tx: Tx, now: Date, { take, perEndpoint, leaseMs }: ClaimLimits): Promise<Claim[]> {
    return querySql<Claim>(
      tx,
      `WITH due AS (
         SELECT d.id FROM webhook_endpoint e CROSS JOIN LATERAL (
           SELECT w.id FROM webhook_delivery w
           WHERE w.endpoint_id = e.id AND w.state = 'waiting' AND w.due_at <= $1
             AND (w.lease_until IS NULL OR w.lease_until <= $1)
           ORDER BY w.due_at, w.id
           LIMIT greatest(0, (CASE WHEN e.failing_since IS NULL THEN $3::int ELSE 1 END)
             - (SELECT count(*) FROM webhook_delivery f
                WHERE f.endpoint_id = e.id AND f.state = 'waiting' AND f.lease_until > $1))
           FOR UPDATE SKIP LOCKED
         ) d
         WHERE e.state = 'enabled'
         ORDER BY e.failing_since NULLS FIRST, random() LIMIT $2::int
       )
       UPDATE webhook_delivery w SET lease_until = $4, attempts = w.attempts + 1 FROM due WHERE w.id = due.id
       RETURNING w.id, w.endpoint_id AS "endpointId", w.event_id AS "eventId", w.payload, w.attempts, w.give_up_at AS "giveUpAt"`,
      [now, take, perEndpoint, new Date(now.getTime() + leaseMs)],
    );
  }

  /** Delivered, even when the lease was lost meanwhile: the receiver has it. */
  delivered(tx: Tx, claim: Claim, outcome: AttemptOutcome): Promise<number> {
    return this.end(tx, claim, outcome, 'delivered', null);
  }

  /** To be tried again at `dueAt`, or never. Nothing when the lease was lost and another has taken it over. */
  failed(tx: Tx, claim: Claim, outcome: AttemptOutcome, dueAt: Date | null): Promise<number> {
    return this.end(tx, claim, outcome, dueAt === null ? 'failed' : 'waiting', dueAt);
  }

  /** A claim that is given back untried: a shutdown came between. */
  async giveBack(tx: Tx, claim: Claim): Promise<void> {
    await executeSql(
      tx,
      `UPDATE webhook_delivery SET lease_until = NULL, attempts = attempts - 1
       WHERE id = $1::uuid AND attempts = $2 AND state = 'waiting'`,
      [claim.id, claim.attempts],
    );
  }

  /** What waits for a disabled endpoint beyond its time. */
  expireOfDisabled(tx: Tx, now: Date, limit: number): Promise<number> {
    return executeSql(
      tx,
      `UPDATE webhook_delivery SET state = 'failed', last_error = 'ENDPOINT_DISABLED', lease_until = NULL
       WHERE id IN (SELECT d.id FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint_id
                    WHERE d.state = 'waiting' AND e.state = 'disabled' AND d.give_up_at <= $1 LIMIT $2::int)`,
      [now, limit],
    );
  }

  /** Endpoints for which more than this waits. */
  async overflowing(tx: Tx, waitingMax: number): Promise<string[]> {
    const rows = await querySql<{ id: string }>(
      tx,
      `SELECT e.id FROM webhook_endpoint e WHERE e.state = 'enabled' AND EXISTS (
         SELECT 1 FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.state = 'waiting' OFFSET $1::int LIMIT 1)`,
      [waitingMax],
    );
    return rows.map(({ id }) => id);
  }

  private end(
    tx: Tx,
    { id, attempts }: Claim,
    { at, status, error, durationMs, response }: AttemptOutcome,
    state: DeliveryState,
    dueAt: Date | null,
  ): Promise<number> {
    return executeSql(
      tx,
      `UPDATE webhook_delivery SET state = $8, due_at = coalesce($9::timestamptz, due_at), lease_until = NULL,
         delivered_at = CASE WHEN $8 = 'delivered' THEN $3::timestamptz END, last_attempt_at = $3::timestamptz,
         last_status = $4::int, last_error = $5, last_duration_ms = $6::int, last_response = $7
       WHERE id = $1::uuid AND state = 'waiting' AND ($8 = 'delivered' OR attempts = $2::int)`,
      [id, attempts, at, status, error, durationMs, response, state, dueAt],
    );
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
