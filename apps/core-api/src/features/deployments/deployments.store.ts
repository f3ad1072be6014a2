import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import { decimalToString } from '@biplane/kernel';
import type { Prisma, PrismaClient } from '@biplane/prisma-core';
import { executeSql, prismaOf, querySql, type Tx } from '@biplane/service-kit';
import type { Deployment, DeploymentEvent, NewDeployment, NextPlacement, Placement } from './deployment.js';
import type { DeploymentState } from './domain/deployment-state.js';
import type { TransitionCause } from './domain/transition-cause.js';

export interface DeploymentFilter {
  readonly tenantId?: string | undefined;
  readonly region?: string | undefined;
  readonly state?: string | undefined;
}

const WITH_PLACEMENTS = { placements: { orderBy: { epoch: 'asc' as const } } };

@Injectable()
export class DeploymentsStore {
  async insert(tx: Tx, deployment: NewDeployment): Promise<void> {
    const { requirements, home, reasons, settings, template, ...columns } = deployment;
    await prismaOf<PrismaClient>(tx).deployment.create({
      data: {
        ...columns,
        reasons: [...reasons],
        settings: { ...settings },
        templateCode: template?.code ?? null,
        templateVersion: template?.version ?? null,
        requirements: {
          ...requirements,
          compliance: [...requirements.compliance],
          expectedStorageGb: decimalToString(requirements.expectedStorageGb),
          expectedRequestsPerDay: decimalToString(requirements.expectedRequestsPerDay),
        } satisfies Prisma.InputJsonObject,
        placements: { create: { epoch: 1, homeId: home.homeId, homeUrl: home.homeUrl, fromAt: deployment.createdAt } },
      },
      select: { id: true },
    });
  }

  async find(tx: Tx, ids: readonly string[]): Promise<Deployment[]> {
    const rows = await prismaOf<PrismaClient>(tx).deployment.findMany({
      where: { id: { in: [...ids] } },
      include: WITH_PLACEMENTS,
    });
    return rows.map(toDeployment);
  }

  /** Holds the row, so that transitions and versions of one deployment follow each other. */
  async lock(tx: Tx, id: string): Promise<void> {
    await querySql(tx, 'SELECT 1 FROM deployment WHERE id = $1::uuid FOR UPDATE', [id]);
  }

  async list(tx: Tx, filter: DeploymentFilter, afterId: string | null, take: number): Promise<Deployment[]> {
    const rows = await prismaOf<PrismaClient>(tx).deployment.findMany({
      where: { ...filter, ...(afterId !== null && { id: { gt: afterId } }) },
      include: WITH_PLACEMENTS,
      orderBy: { id: 'asc' },
      take,
    });
    return rows.map(toDeployment);
  }

  async ofTenant(tx: Tx, tenantId: string): Promise<Deployment[]> {
    const rows = await prismaOf<PrismaClient>(tx).deployment.findMany({
      where: { tenantId },
      include: WITH_PLACEMENTS,
      orderBy: { id: 'asc' },
    });
    return rows.map(toDeployment);
  }

  /** Deployments that a home held at any time since `since`. */
  async ofHome(tx: Tx, homeId: string, since: Date): Promise<Deployment[]> {
    const rows = await prismaOf<PrismaClient>(tx).deployment.findMany({
      where: { placements: { some: { homeId, OR: [{ toAt: null }, { toAt: { gt: since } }] } } },
      include: WITH_PLACEMENTS,
      orderBy: { id: 'asc' },
    });
    return rows.map(toDeployment);
  }

  async placementsDuring(tx: Tx, { from, to }: Period): Promise<Placement[]> {
    const rows = await prismaOf<PrismaClient>(tx).placement.findMany({
      where: { fromAt: { lt: to }, OR: [{ toAt: null }, { toAt: { gt: from } }] },
      orderBy: [{ deploymentId: 'asc' }, { epoch: 'asc' }],
    });
    return rows.map(toPlacement);
  }

  async setState(tx: Tx, id: string, state: DeploymentState): Promise<void> {
    await executeSql(tx, 'UPDATE deployment SET state = $2 WHERE id = $1::uuid', [id, state]);
  }

  async setPhase(tx: Tx, id: string, phase: string): Promise<void> {
    await executeSql(tx, 'UPDATE deployment SET phase = $2 WHERE id = $1::uuid AND phase <> $2', [id, phase]);
  }

  /** Ends the placement that holds; nothing when none does. */
  async endPlacement(tx: Tx, id: string, at: Date): Promise<void> {
    const sql = 'UPDATE placement SET to_at = greatest($2, from_at) WHERE deployment_id = $1::uuid AND to_at IS NULL';
    await executeSql(tx, sql, [id, at]);
  }

  /** Ends the placement that holds and begins the next; the row of the deployment is held. */
  async place(tx: Tx, id: string, next: NextPlacement): Promise<void> {
    const { type, reasons, homeId, homeUrl, epoch, at } = next;
    await executeSql(tx, 'UPDATE placement SET to_at = $2 WHERE deployment_id = $1::uuid AND to_at IS NULL', [id, at]);
    await executeSql(
      tx,
      `INSERT INTO placement (deployment_id, epoch, home_id, home_url, from_at) VALUES ($1::uuid, $2, $3::uuid, $4, $5)`,
      [id, epoch, homeId, homeUrl, at],
    );
    await executeSql(tx, 'UPDATE deployment SET type = $2, reasons = $3::jsonb WHERE id = $1::uuid', [
      id,
      type,
      JSON.stringify(reasons),
    ]);
  }

  /** Only the first time counts: bills start there. */
  async setFirstReady(tx: Tx, id: string, at: Date): Promise<void> {
    await executeSql(tx, 'UPDATE deployment SET first_ready_at = $2 WHERE id = $1::uuid AND first_ready_at IS NULL', [
      id,
      at,
    ]);
  }

  /** True when it was otherwise before. */
  async setBillingActionSuspended(tx: Tx, id: string, suspended: boolean): Promise<boolean> {
    const sql =
      'UPDATE deployment SET billing_action_suspended = $2 WHERE id = $1::uuid AND billing_action_suspended <> $2';
    return (await executeSql(tx, sql, [id, suspended])) === 1;
  }

  async lastEventAt(tx: Tx, deploymentId: string): Promise<Date | null> {
    const sql = 'SELECT max(at) AS at FROM deployment_event WHERE deployment_id = $1::uuid';
    return (await querySql<{ at: Date | null }>(tx, sql, [deploymentId]))[0]?.at ?? null;
  }

  async insertEvent(tx: Tx, deploymentId: string, event: DeploymentEvent): Promise<void> {
    const { from, to, ...rest } = event;
    await prismaOf<PrismaClient>(tx).deploymentEvent.create({
      data: { deploymentId, fromState: from, toState: to, ...rest },
      select: { id: true },
    });
  }

  async events(tx: Tx, deploymentIds: readonly string[]): Promise<Map<string, DeploymentEvent[]>> {
    const rows = await prismaOf<PrismaClient>(tx).deploymentEvent.findMany({
      where: { deploymentId: { in: [...deploymentIds] } },
      orderBy: { id: 'asc' },
    });
    const byDeployment = new Map<string, DeploymentEvent[]>(deploymentIds.map((id) => [id, []]));
    for (const { deploymentId, fromState, toState, cause, actor, reason, at } of rows) {
      const [from, to] = [fromState as DeploymentState | null, toState as DeploymentState];
      const event = { from, to, actor, reason, cause: cause as TransitionCause | null, at };
      byDeployment.get(deploymentId)?.push(event);
    }
    return byDeployment;
  }
}

type Row = Prisma.DeploymentGetPayload<{ include: { placements: true } }>;

function toDeployment(row: Row): Deployment {
  return {
    id: row.id,
    tenantId: row.tenantId,
    slug: row.slug,
    displayName: row.displayName,
    region: row.region,
    type: row.type as Deployment['type'],
    reasons: row.reasons as string[],
    state: row.state as DeploymentState,
    phase: row.phase,
    createdAt: row.createdAt,
    firstReadyAt: row.firstReadyAt,
    billingActionSuspended: row.billingActionSuspended,
    settings: row.settings as Deployment['settings'],
    template: row.templateCode === null ? null : { code: row.templateCode, version: row.templateVersion ?? 1 },
    placements: row.placements.map(toPlacement),
  };
}

function toPlacement({ homeId, homeUrl, epoch, fromAt, toAt }: Row['placements'][number]): Placement {
  return { homeId, homeUrl, epoch, from: fromAt, to: toAt };
}
