import { randomUUID } from 'node:crypto';
import type { MoveReport } from '@biplane/contracts';
import {
  orThrow,
  parseDeploymentId,
  parseHomeId,
  parseMeterCode,
  parseRegionCode,
  type MeterCode,
} from '@biplane/kernel';
import type { LicensePlacement } from '@biplane/licensing';
import { UnitOfWork, type Tx } from '@biplane/service-kit';
import { waitFor } from '@biplane/testing';
import { AppliedService } from '../features/licenses/index.js';
import { UsageIntake } from '../features/usage/usage-intake.service.js';
import { billingRig, type BilledScene, type BillingRig } from './billing-rig.js';
import type { RunningCore } from './running-core.js';

const REGION = 'eu-1';

/** As the consumer of its topic hands it over. */
export async function hear(app: RunningCore['app'], tx: Tx, report: MoveReport): Promise<void> {
  await app.get(AppliedService).receiveMove(tx, report, { region: REGION, key: report.deploymentId });
}

export interface ShownMove {
  readonly operationId: string;
  readonly phase: string;
  readonly fromHomeId: string;
  readonly toHomeId: string;
  readonly epoch: number;
  readonly writePauseMs: number | null;
  readonly reports: readonly { readonly step: string }[];
}

export interface ShownOperation {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly steps: readonly { readonly name: string; readonly state: string; readonly reason: string | null }[];
}

/** Words of homes as they come: first in a transaction that a crash takes back, then for good, then delivered once more. */
export class MovesRig {
  private constructor(readonly billing: BillingRig) {}

  static async open(startAt: string): Promise<MovesRig> {
    return new MovesRig(await billingRig(startAt));
  }

  async move(
    { deploymentId }: BilledScene,
    to: string,
    key: string = randomUUID(),
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const body = { to, reason: 'a test' };
    const path = `/api/v1/deployments/${deploymentId}/move`;
    const { status, body: answer } = await this.billing.admin.post(path, body, { 'idempotency-key': key });
    return { status, body: answer as Record<string, unknown> };
  }

  async moves({ deploymentId }: BilledScene): Promise<ShownMove[]> {
    const path = `/api/v1/deployments/${deploymentId}/moves`;
    return ((await this.billing.admin.expect(200, 'GET', path)) as { data: ShownMove[] }).data;
  }

  async present(scene: BilledScene): Promise<ShownMove> {
    const [move] = await this.moves(scene);
    if (!move) throw new Error('There is no move');
    return move;
  }

  async operation(id: string): Promise<ShownOperation> {
    return (await this.billing.admin.expect(200, 'GET', `/api/v1/operations/${id}`)) as ShownOperation;
  }

  async deployment({ deploymentId }: BilledScene) {
    const shown = await this.billing.admin.expect(200, 'GET', `/api/v1/deployments/${deploymentId}`);
    return shown as {
      type: string;
      homeId: string;
      epoch: number;
      placements: { homeId: string; to: string | null }[];
    };
  }

  async placement({ deploymentId }: BilledScene): Promise<LicensePlacement> {
    const license = await this.billing.admin.expect(200, 'GET', `/api/v1/licenses/${deploymentId}`);
    return (license as { document: { placement: LicensePlacement } }).document.placement;
  }

  /** What a home says of the present move; `over` where it says something wrong. */
  async report(scene: BilledScene, step: string, over: Partial<MoveReport> = {}): Promise<MoveReport> {
    const move = await this.present(scene);
    return {
      deploymentId: scene.deploymentId,
      homeId: ['drained', 'fenced', 'cleaned'].includes(step) ? move.fromHomeId : move.toHomeId,
      epoch: move.epoch,
      step,
      closedThrough: null,
      tables: [{ name: 'usage_event_key', rows: 2, checksum: 'a'.repeat(64) }],
      ...over,
    };
  }

  /** The home says it, and is heard more than once. */
  async say(scene: BilledScene, step: string, over: Partial<MoveReport> = {}): Promise<void> {
    const report = await this.report(scene, step, over);
    const { app } = this.billing.core;
    const take = (crash: boolean) =>
      app.get(UnitOfWork).run(async (tx) => {
        await hear(app, tx, report);
        if (crash) throw new Error('the process ends before it commits');
      });
    await take(true).catch(() => undefined);
    await take(false);
    await take(false);
  }

  async sayAll(scene: BilledScene, ...steps: string[]): Promise<void> {
    for (const step of steps) await this.say(scene, step);
  }

  /** The cluster returned that the home is gone, and the reconciler wrote it down. */
  async gone(homeId: string): Promise<void> {
    await this.billing.postgres.query(
      `WITH home AS (UPDATE dedicated_home SET gone_at = created_at WHERE home_id = $1::uuid RETURNING *)
       INSERT INTO home_observation (home_id, deployment_id, tenant_id, conditions, is_gone, at)
       SELECT home_id, deployment_id, tenant_id, '[]', true, created_at FROM home`,
      [homeId],
    );
  }

  async desired(homeId: string): Promise<string | undefined> {
    const sql = 'SELECT desired FROM dedicated_home WHERE home_id = $1::uuid';
    return (await this.billing.postgres.query<{ desired: string }>(sql, [homeId]))[0]?.desired;
  }

  ended(id: string, state: string): Promise<unknown> {
    return waitFor(`an operation that ${state}`, async () => (await this.operation(id)).state === state);
  }

  /** What a home counted in the hour of an instant, closed. */
  async used(
    { deploymentId }: BilledScene,
    homeId: string,
    of: { meter: string; aggregation: 'sum' | 'peak' | 'last'; at: string; quantity: string; lastAt?: string },
  ): Promise<void> {
    const from = new Date(Math.floor(Date.parse(of.at) / 3_600_000) * 3_600_000);
    const meter: MeterCode = orThrow(parseMeterCode(of.meter));
    const window = {
      ...{ deploymentId: orThrow(parseDeploymentId(deploymentId)), meter, aggregation: of.aggregation },
      ...{ windowStart: from, windowEnd: new Date(from.getTime() + 3_600_000), homeId: orThrow(parseHomeId(homeId)) },
      ...{ incarnation: 1, revision: 1, quantity: of.quantity, closed: true, licenseVersion: 1 },
      ...(of.lastAt !== undefined && { lastAt: new Date(of.lastAt) }),
    };
    const region = orThrow(parseRegionCode(REGION));
    const intake = this.billing.core.app.get(UsageIntake);
    await intake.take({ region, windows: [window], closes: [], limitEvents: [], other: [] });
  }

  close(): Promise<void> {
    return this.billing.close();
  }
}
