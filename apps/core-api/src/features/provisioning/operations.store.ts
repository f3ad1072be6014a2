import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { Saga, Step, StepName, StepState } from './domain/saga.js';

export interface Operation extends Saga {
  readonly id: string;
  readonly kind: 'provision';
  readonly tenantId: string;
  readonly deploymentId: string;
  readonly createdAt: Date;
}

const WITH_STEPS = { steps: { orderBy: { position: 'asc' as const } } };

@Injectable()
export class OperationsStore {
  async insert(tx: Tx, operation: Operation): Promise<void> {
    const { steps, deadlineAt, ...columns } = operation;
    await prismaOf<PrismaClient>(tx).operation.create({
      data: {
        ...columns,
        deadlineAt,
        nextActionAt: deadlineAt,
        steps: { create: steps.map((step, position) => ({ ...step, position })) },
      },
      select: { id: true },
    });
  }

  async find(tx: Tx, id: string): Promise<Operation | null> {
    const row = await prismaOf<PrismaClient>(tx).operation.findUnique({ where: { id }, include: WITH_STEPS });
    return row && toOperation(row);
  }

  /** The newest of a deployment, locked. */
  async lockNewest(tx: Tx, deploymentId: string): Promise<Operation | null> {
    const sql = `SELECT id::text AS id FROM operation WHERE deployment_id = $1::uuid ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE`;
    return this.locked(tx, await querySql<{ id: string }>(tx, sql, [deploymentId]));
  }

  async lock(tx: Tx, id: string): Promise<Operation | null> {
    return this.locked(
      tx,
      await querySql<{ id: string }>(tx, 'SELECT id::text AS id FROM operation WHERE id = $1::uuid FOR UPDATE', [id]),
    );
  }

  async dueIds(tx: Tx, now: Date, take: number): Promise<string[]> {
    const sql = `SELECT id::text AS id FROM operation WHERE state = 'running' AND deadline_at <= $1 ORDER BY deadline_at LIMIT $2`;
    return (await querySql<{ id: string }>(tx, sql, [now, take])).map((row) => row.id);
  }

  async save(tx: Tx, id: string, saga: Saga): Promise<void> {
    const { steps, state, reason, deadlineAt, endedAt } = saga;
    const client = prismaOf<PrismaClient>(tx);
    await client.operation.update({
      where: { id },
      data: { state, reason, deadlineAt, endedAt, nextActionAt: deadlineAt },
      select: { id: true },
    });
    for (const [position, step] of steps.entries()) {
      await client.operationStep.update({
        where: { operationId_position: { operationId: id, position } },
        data: step,
        select: { position: true },
      });
    }
  }

  private async locked(tx: Tx, rows: readonly { id: string }[]): Promise<Operation | null> {
    return rows[0] ? this.find(tx, rows[0].id) : null;
  }
}

type Row = Prisma.OperationGetPayload<{ include: { steps: true } }>;

function toOperation(row: Row): Operation {
  return {
    id: row.id,
    kind: 'provision',
    tenantId: row.tenantId,
    deploymentId: row.deploymentId,
    state: row.state as Operation['state'],
    reason: row.reason,
    createdAt: row.createdAt,
    endedAt: row.endedAt,
    deadlineAt: row.deadlineAt,
    steps: row.steps.map(({ name, state, attempts, startedAt, endedAt, reason }): Step => ({
      name: name as StepName,
      state: state as StepState,
      attempts,
      startedAt,
      endedAt,
      reason,
    })),
  };
}
