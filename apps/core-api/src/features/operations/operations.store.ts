import { Injectable } from '@nestjs/common';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { Saga, Step, StepState } from './domain/saga.js';
import type { Operation, OperationKind } from './operation.js';

const WITH_STEPS = { steps: { orderBy: { position: 'asc' as const } } };

@Injectable()
export class OperationsStore {
  async insert(tx: Tx, operation: Operation): Promise<void> {
    const { steps, ...columns } = operation;
    await prismaOf<PrismaClient>(tx).operation.create({
      data: { ...columns, steps: { create: steps.map((step, position) => ({ ...step, position })) } },
      select: { id: true },
    });
  }

  async find(tx: Tx, id: string): Promise<Operation | null> {
    const row = await prismaOf<PrismaClient>(tx).operation.findUnique({ where: { id }, include: WITH_STEPS });
    return row && toOperation(row);
  }

  async newest(tx: Tx, deploymentId: string, kind: OperationKind): Promise<Operation | null> {
    const row = await prismaOf<PrismaClient>(tx).operation.findFirst({
      where: { deploymentId, kind },
      orderBy: [{ createdAt: 'desc' }, { id: 'desc' }],
      include: WITH_STEPS,
    });
    return row && toOperation(row);
  }

  async lock(tx: Tx, id: string): Promise<Operation | null> {
    const sql = 'SELECT id::text AS id FROM operation WHERE id = $1::uuid FOR UPDATE';
    return this.locked(tx, await querySql<{ id: string }>(tx, sql, [id]));
  }

  async lockNewest(tx: Tx, deploymentId: string, kind: OperationKind): Promise<Operation | null> {
    const sql = `SELECT id::text AS id FROM operation WHERE deployment_id = $1::uuid AND kind = $2
      ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE`;
    return this.locked(tx, await querySql<{ id: string }>(tx, sql, [deploymentId, kind]));
  }

  async running(tx: Tx, deploymentId: string, kinds: readonly OperationKind[]): Promise<Operation | null> {
    const sql = `SELECT id::text AS id FROM operation
      WHERE deployment_id = $1::uuid AND kind = ANY($2::text[]) AND state = 'running' LIMIT 1`;
    const [row] = await querySql<{ id: string }>(tx, sql, [deploymentId, kinds]);
    return row ? this.find(tx, row.id) : null;
  }

  async expiredIds(tx: Tx, kinds: readonly OperationKind[], now: Date, take: number): Promise<string[]> {
    const sql = `SELECT id::text AS id FROM operation
      WHERE state = 'running' AND deadline_at <= $1 AND kind = ANY($2::text[]) ORDER BY deadline_at LIMIT $3`;
    return (await querySql<{ id: string }>(tx, sql, [now, kinds, take])).map((row) => row.id);
  }

  async dueIds(tx: Tx, kinds: readonly OperationKind[], now: Date, take: number): Promise<string[]> {
    const sql = `SELECT id::text AS id FROM operation
      WHERE state = 'running' AND next_action_at <= $1 AND kind = ANY($2::text[]) ORDER BY next_action_at LIMIT $3`;
    return (await querySql<{ id: string }>(tx, sql, [now, kinds, take])).map((row) => row.id);
  }

  async setNextActionAt(tx: Tx, id: string, at: Date | null): Promise<void> {
    const sql = `UPDATE operation SET next_action_at = $2 WHERE id = $1::uuid AND state = 'running'`;
    await executeSql(tx, sql, [id, at]);
  }

  async save(tx: Tx, before: Operation, saga: Saga): Promise<void> {
    const { steps, state, reason, deadlineAt, nextActionAt, endedAt } = saga;
    const client = prismaOf<PrismaClient>(tx);
    await client.operation.update({
      where: { id: before.id },
      data: { state, reason, deadlineAt, endedAt, nextActionAt },
      select: { id: true },
    });
    for (const [position, step] of steps.entries()) {
      if (step === before.steps[position]) continue;
      await client.operationStep.update({
        where: { operationId_position: { operationId: before.id, position } },
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

function toOperation({ steps, kind, state, ...columns }: Row): Operation {
  return {
    ...columns,
    kind: kind as OperationKind,
    state: state as Operation['state'],
    steps: steps.map((step): Step => {
      const { name, attempts, startedAt, endedAt, reason } = step;
      return { name, state: step.state as StepState, attempts, startedAt, endedAt, reason };
    }),
  };
}
