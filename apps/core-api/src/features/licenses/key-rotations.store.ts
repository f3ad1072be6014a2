import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';

export const ROTATION_STATES = ['waiting', 'reissuing', 'succeeded', 'refused'] as const;
export type RotationState = (typeof ROTATION_STATES)[number];

export interface WaitingHome {
  readonly homeId: string;
  readonly region: string;
}

export interface KeyRotation {
  readonly id: string;
  readonly kind: 'rotate' | 'revoke';
  readonly fromKid: string;
  /** Null when nothing can sign any more. */
  readonly toKid: string | null;
  readonly state: RotationState;
  readonly reason: string;
  readonly actor: string;
  readonly requestedAt: Date;
  readonly deadlineAt: Date;
  readonly switchedAt: Date | null;
  readonly endedAt: Date | null;
  readonly reissued: number;
  readonly waitingFor: readonly WaitingHome[];
}

// Of a purged deployment and of a term whose grace is over nobody has to hear again.
const TO_REISSUE = `FROM license_head h JOIN license l ON l.deployment_id = h.deployment_id AND l.version = h.version
  WHERE l.kid <> $1 AND (h.purge_after IS NULL OR h.purge_after > $2)
    AND (l.status = 'revoked' OR (l.claims->>'graceEndsAt')::timestamptz > $2)`;

@Injectable()
export class KeyRotationsStore {
  async insert(tx: Tx, rotation: KeyRotation): Promise<void> {
    const waitingFor = rotation.waitingFor as unknown as Prisma.InputJsonArray;
    await prismaOf<PrismaClient>(tx).keyRotation.create({ data: { ...rotation, waitingFor }, select: { id: true } });
  }

  async find(tx: Tx, id: string): Promise<KeyRotation | null> {
    const row = await prismaOf<PrismaClient>(tx).keyRotation.findUnique({ where: { id } });
    return row as unknown as KeyRotation | null;
  }

  /** The one that has not ended. */
  async open(tx: Tx): Promise<KeyRotation | null> {
    const row = await prismaOf<PrismaClient>(tx).keyRotation.findFirst({ where: { endedAt: null } });
    return row as unknown as KeyRotation | null;
  }

  /** Newest first. */
  async list(tx: Tx, beforeId: string | null, take: number): Promise<KeyRotation[]> {
    const rows = await prismaOf<PrismaClient>(tx).keyRotation.findMany({
      ...(beforeId !== null && { where: { id: { lt: beforeId } } }),
      orderBy: { id: 'desc' },
      take,
    });
    return rows as unknown as KeyRotation[];
  }

  async setWaiting(tx: Tx, id: string, waitingFor: readonly WaitingHome[]): Promise<void> {
    const sql = 'UPDATE key_rotation SET waiting_for = $2::text::jsonb WHERE id = $1::uuid AND ended_at IS NULL';
    await executeSql(tx, sql, [id, JSON.stringify(waitingFor)]);
  }

  async setSwitched(tx: Tx, id: string, now: Date): Promise<void> {
    const sql = `UPDATE key_rotation SET state = 'reissuing', switched_at = $2, waiting_for = '[]'
      WHERE id = $1::uuid AND state = 'waiting'`;
    await executeSql(tx, sql, [id, now]);
  }

  async end(tx: Tx, id: string, state: 'succeeded' | 'refused', now: Date): Promise<boolean> {
    const sql = 'UPDATE key_rotation SET state = $2, ended_at = $3 WHERE id = $1::uuid AND ended_at IS NULL';
    return (await executeSql(tx, sql, [id, state, now])) === 1;
  }

  async countReissued(tx: Tx, id: string, count: number): Promise<void> {
    await executeSql(tx, 'UPDATE key_rotation SET reissued = reissued + $2::int WHERE id = $1::uuid', [id, count]);
  }

  /** Deployments whose present license another key has signed, behind `afterId`. */
  async toReissue(tx: Tx, kid: string, now: Date, afterId: string | null, take: number): Promise<string[]> {
    const sql = `SELECT h.deployment_id::text AS id ${TO_REISSUE} AND ($3::uuid IS NULL OR h.deployment_id > $3::uuid)
      ORDER BY h.deployment_id LIMIT $4`;
    return (await querySql<{ id: string }>(tx, sql, [kid, now, afterId, take])).map(({ id }) => id);
  }

  async remaining(tx: Tx, kid: string, now: Date): Promise<number> {
    return (await querySql<{ count: number }>(tx, `SELECT count(*)::int AS count ${TO_REISSUE}`, [kid, now]))[0]!.count;
  }

  async isToReissue(tx: Tx, deploymentId: string, kid: string, now: Date): Promise<boolean> {
    const sql = `SELECT 1 ${TO_REISSUE} AND h.deployment_id = $3::uuid`;
    return (await querySql(tx, sql, [kid, now, deploymentId])).length === 1;
  }
}
