import { Injectable } from '@nestjs/common';
import type { PrismaClient } from '@biplane/prisma-core';
import { prismaOf, type Tx } from '@biplane/service-kit';
import type { FlagEvent, ModuleEvent, OverrideEvent, PolicyEvents } from './domain/policy.js';

const OLDEST_FIRST = { orderBy: { id: 'asc' as const }, omit: { id: true, deploymentId: true } as const };

/** Append-only: nothing here changes or removes a row. */
@Injectable()
export class PoliciesStore {
  async events(tx: Tx, deploymentId: string): Promise<PolicyEvents> {
    const prisma = prismaOf<PrismaClient>(tx);
    const where = { deploymentId };
    const overrides = await prisma.overrideEvent.findMany({ where, ...OLDEST_FIRST });
    const modules = await prisma.moduleEvent.findMany({ where, ...OLDEST_FIRST });
    const flags = await prisma.flagEvent.findMany({ where, ...OLDEST_FIRST });
    return { overrides: overrides as unknown as OverrideEvent[], modules, flags };
  }

  async addOverride(tx: Tx, deploymentId: string, event: OverrideEvent): Promise<void> {
    const data = { ...event, deploymentId };
    await prismaOf<PrismaClient>(tx).overrideEvent.create({ data, select: { id: true } });
  }

  async addModule(tx: Tx, deploymentId: string, event: ModuleEvent): Promise<void> {
    await prismaOf<PrismaClient>(tx).moduleEvent.create({ data: { ...event, deploymentId }, select: { id: true } });
  }

  async addFlag(tx: Tx, deploymentId: string, event: FlagEvent): Promise<void> {
    await prismaOf<PrismaClient>(tx).flagEvent.create({ data: { ...event, deploymentId }, select: { id: true } });
  }
}
