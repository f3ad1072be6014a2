import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, type Tx } from '@biplane/service-kit';

export interface Retirement {
  readonly deploymentId: string;
  readonly tenantId: string;
  readonly operationId: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly requestedAt: Date;
  /** From when on nothing is awaited of its home. */
  readonly givenUpAt: Date | null;
  readonly givenUpBy: string | null;
  readonly givenUpReason: string | null;
}

@Injectable()
export class RetirementStore {
  async insert(tx: Tx, retirement: Retirement): Promise<void> {
    await prismaOf<PrismaClient>(tx).retirement.create({ data: retirement, select: { deploymentId: true } });
  }

  find(tx: Tx, deploymentId: string): Promise<Retirement | null> {
    return prismaOf<PrismaClient>(tx).retirement.findUnique({ where: { deploymentId } });
  }

  /** False when it was given up before. */
  async giveUp(tx: Tx, deploymentId: string, by: string, reason: string, at: Date): Promise<boolean> {
    const sql = `UPDATE retirement SET given_up_at = $2, given_up_by = $3, given_up_reason = $4
      WHERE deployment_id = $1::uuid AND given_up_at IS NULL`;
    return (await executeSql(tx, sql, [deploymentId, at, by, reason])) === 1;
  }
}
