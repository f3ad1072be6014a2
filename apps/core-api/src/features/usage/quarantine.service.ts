import { Inject, Injectable } from '@nestjs/common';
import { isUuid, RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import type { UsageWindowTotal } from './domain/window.js';
import {
  QuarantineStore,
  type QuarantineFilter,
  type QuarantinePosition,
  type QuarantineRow,
  type Resolution,
} from './quarantine.store.js';
import { hoursOf, UsageIntake } from './usage-intake.service.js';
import { QuarantineErrors } from './usage.errors.js';
import type { HomeCloseRow, HomeHour } from './usage.store.js';

export interface ShownRecord extends QuarantineRow {
  readonly tenantId: string | null;
}

/** What counting a record again came to. */
interface Outcome {
  readonly fault: string | null;
  readonly counted: boolean;
  readonly touched: readonly HomeHour[];
}

/** Decides of records that broke a rule: counted after all, or never. Either way they hold back no bill any more. */
@Injectable()
export class QuarantineService {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: QuarantineStore,
    private readonly intake: UsageIntake,
    private readonly deployments: DeploymentsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async list(
    filter: QuarantineFilter & { readonly tenantId?: string | undefined },
    after: QuarantinePosition | null,
    take: number,
  ): Promise<ShownRecord[]> {
    const tx = this.unitOfWork.reader;
    const { tenantId, ...rest } = filter;
    const owned =
      tenantId === undefined ? undefined : (await this.deployments.ofTenant(tx, tenantId)).map(({ id }) => id);
    const deploymentIds = both(owned, rest.deploymentIds);
    return this.withTenants(tx, await this.store.list(tx, { ...rest, deploymentIds }, after, take));
  }

  async show(id: string): Promise<ShownRecord> {
    const tx = this.unitOfWork.reader;
    const row = await this.store.find(tx, id);
    if (row === null) throw notFound(id);
    return (await this.withTenants(tx, [row]))[0]!;
  }

  /**
   * Counts the record exactly as if it had come in time: by the rules of now, but for its age, which the operator's reason
   * vouches for. Again, it changes nothing. The comparison with the home's close follows, as it does for every record; a
   * crash between the two is mended by releasing once more.
   */
  async release(id: string, reason: string, actor: Actor): Promise<ShownRecord> {
    const touched = await this.unitOfWork.run(async (tx) => {
      const row = await this.undecided(tx, id, 'released');
      const now = this.clock.now();
      if (row.resolution !== null) return touchedBy(row);
      const { fault, counted, touched: hours } = await this.countAgain(tx, row, now);
      if (fault !== null) {
        const detail = `By the present rules it is refused with ${fault}`;
        throw new RefusalError(QuarantineErrors.STILL_REFUSED({ detail, members: { reason: fault } }));
      }
      await this.resolve(tx, row, { resolution: 'released', at: now, counted, reason, actor });
      return hours;
    });
    faultPoint('usage.after_release_before_compare');
    await this.intake.compare(touched);
    return this.show(id);
  }

  /** It is never counted, and never deleted. */
  async discard(id: string, reason: string, actor: Actor): Promise<ShownRecord> {
    await this.unitOfWork.run(async (tx) => {
      const row = await this.undecided(tx, id, 'discarded');
      if (row.resolution !== null) return;
      await this.resolve(tx, row, { resolution: 'discarded', at: this.clock.now(), counted: false, reason, actor });
    });
    return this.show(id);
  }

  private async undecided(tx: Tx, id: string, wanted: Resolution): Promise<QuarantineRow> {
    const row = await this.store.lock(tx, id);
    if (row === null) throw notFound(id);
    if (row.resolution === null || row.resolution === wanted) return row;
    const { resolution, resolvedAt } = row;
    const detail = `It was ${resolution} at ${resolvedAt?.toISOString()}`;
    throw new RefusalError(QuarantineErrors.DECIDED({ detail, members: { resolution } }));
  }

  private async countAgain(tx: Tx, row: QuarantineRow, now: Date): Promise<Outcome> {
    if (row.recordType === 'UsageWindow') {
      const window = windowOf(row);
      const fault = await this.intake.countAgain(tx, row.region, window, now);
      return { fault, counted: await this.store.isCounted(tx, window), touched: touchedBy(row) };
    }
    if (row.recordType === 'HomeClose') {
      const fault = await this.intake.closeAgain(tx, row.region, closeOf(row), now);
      return { fault, counted: fault === null, touched: touchedBy(row) };
    }
    return { fault: 'TYPE_UNSUPPORTED', counted: false, touched: [] };
  }

  private async resolve(
    tx: Tx,
    row: QuarantineRow,
    decided: { resolution: Resolution; at: Date; counted: boolean; reason: string; actor: Actor },
  ): Promise<void> {
    const { resolution, at, counted, reason, actor } = decided;
    await this.store.resolve(tx, row.id, { resolution, at, counted, by: actor.id, because: reason });
    const [shown] = await this.withTenants(tx, [row]);
    await this.audit.record(tx, {
      actor,
      action: `usage_quarantine.${resolution}`,
      object: { type: 'usage_quarantine', id: row.id },
      tenantId: shown?.tenantId ?? null,
      before: { reason: row.reason, type: row.recordType },
      after: { resolution, counted, record: row.record },
      reason,
    });
  }

  private async withTenants(tx: Tx, rows: readonly QuarantineRow[]): Promise<ShownRecord[]> {
    const named = rows.flatMap(({ record }) => {
      const id = record['deploymentId'];
      return typeof id === 'string' && isUuid(id) ? [id] : [];
    });
    const known = await this.deployments.findMany(tx, [...new Set(named)]);
    return rows.map((row) => ({ ...row, tenantId: known.get(String(row.record['deploymentId']))?.tenantId ?? null }));
  }
}

/** As intake wrote it: the record of a window is what was parsed, with its instants as text. */
function windowOf({ record }: QuarantineRow): UsageWindowTotal {
  const { lastAt, ...window } = record as unknown as UsageWindowTotal;
  return {
    ...window,
    windowStart: new Date(window.windowStart),
    windowEnd: new Date(window.windowEnd),
    ...(lastAt !== undefined && { lastAt: new Date(lastAt) }),
  };
}

function closeOf({ record }: QuarantineRow): HomeCloseRow {
  const close = record as unknown as HomeCloseRow;
  // Those kept by a release before it was written down have none.
  const closedAt = (close.closedAt as Date | null | undefined) ?? null;
  return { ...close, hour: new Date(close.hour), closedAt: closedAt && new Date(closedAt) };
}

function touchedBy(row: QuarantineRow): HomeHour[] {
  if (row.recordType === 'UsageWindow') return hoursOf([windowOf(row)]);
  return row.recordType === 'HomeClose' ? [closeOf(row)] : [];
}

function both(
  owned: readonly string[] | undefined,
  asked: readonly string[] | undefined,
): readonly string[] | undefined {
  if (owned === undefined || asked === undefined) return owned ?? asked;
  return asked.filter((id) => owned.includes(id));
}

function notFound(id: string): RefusalError {
  return new RefusalError(QuarantineErrors.NOT_FOUND({ detail: `There is no quarantined record ${id}` }));
}
