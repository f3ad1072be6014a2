import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { MailClaim, MailRow } from './mail.js';

export interface NewMail {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly tenantId: string | null;
  readonly messageEncrypted: string;
  readonly now: Date;
}

export interface MailFilter {
  readonly state?: string | undefined;
  readonly tenantId?: string | undefined;
}

const columns = {
  id: true, key: true, kind: true, tenantId: true, state: true, attempts: true, dueAt: true, lastError: true, sentAt: true,
  createdAt: true,
} as const; // prettier-ignore

@Injectable()
export class MailStore {
  /** False when a mail of this key was written before. */
  async insert(tx: Tx, { id, key, kind, tenantId, messageEncrypted, now }: NewMail): Promise<boolean> {
    const rows = await executeSql(
      tx,
      `INSERT INTO mail (id, key, kind, tenant_id, message_encrypted, state, attempts, due_at, created_at)
       VALUES ($1::uuid, $2, $3, $4::uuid, $5, 'waiting', 0, $6, $6) ON CONFLICT (key) DO NOTHING`,
      [id, key, kind, tenantId, messageEncrypted, now],
    );
    return rows === 1;
  }

  /** Takes what is due for this process. Of two each takes other rows; what a killed one held is free when its lease ends. */
  claim(tx: Tx, now: Date, take: number, leaseMs: number): Promise<MailClaim[]> {
    return querySql<MailClaim>(
      tx,
      `WITH due AS (
         SELECT id FROM mail WHERE state = 'waiting' AND due_at <= $1 AND (lease_until IS NULL OR lease_until <= $1)
         ORDER BY due_at, id LIMIT $2::int FOR UPDATE SKIP LOCKED
       )
       UPDATE mail m SET lease_until = $3, attempts = m.attempts + 1 FROM due WHERE m.id = due.id
       RETURNING m.id, m.message_encrypted AS "messageEncrypted", m.attempts, m.created_at AS "createdAt"`,
      [now, take, new Date(now.getTime() + leaseMs)],
    );
  }

  /** Sent, even when the lease was lost meanwhile: the server has it. */
  async sent(tx: Tx, { id }: MailClaim, now: Date): Promise<void> {
    await executeSql(
      tx,
      `UPDATE mail SET state = 'sent', sent_at = $2, lease_until = NULL, message_encrypted = NULL, last_error = NULL
       WHERE id = $1::uuid AND state <> 'sent'`,
      [id, now],
    );
  }

  /** To be tried again at `dueAt`, or dead. Nothing when the lease was lost and another has taken it over. */
  async failed(tx: Tx, { id, attempts }: MailClaim, error: string, dueAt: Date | null): Promise<void> {
    await executeSql(
      tx,
      `UPDATE mail SET state = $4, due_at = coalesce($5::timestamptz, due_at), lease_until = NULL, last_error = left($3, 64)
       WHERE id = $1::uuid AND state = 'waiting' AND attempts = $2::int`,
      [id, attempts, error, dueAt === null ? 'dead' : 'waiting', dueAt],
    );
  }

  /** False when it is not dead. */
  async revive(tx: Tx, id: string, now: Date): Promise<boolean> {
    const sql = `UPDATE mail SET state = 'waiting', attempts = 0, due_at = $2 WHERE id = $1::uuid AND state = 'dead'`;
    return (await executeSql(tx, sql, [id, now])) === 1;
  }

  async find(tx: Tx, id: string): Promise<MailRow | null> {
    return (await client(tx).mail.findUnique({ where: { id }, select: columns })) as MailRow | null;
  }

  /** Newest first. */
  async list(tx: Tx, filter: MailFilter, beforeId: string | null, take: number): Promise<MailRow[]> {
    const { state, tenantId } = filter;
    const rows = await client(tx).mail.findMany({
      where: {
        ...(state !== undefined && { state }),
        ...(tenantId !== undefined && { tenantId }),
        ...(beforeId !== null && { id: { lt: beforeId } }),
      },
      orderBy: { id: 'desc' },
      take,
      select: columns,
    });
    return rows as MailRow[];
  }
}

const client = (tx: Tx) => prismaOf<PrismaClient>(tx);
