import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import type { Decider } from '@biplane/limits';
import { CLOCK, faultPoint, UnitOfWork } from '@biplane/service-kit';
import { DECIDER, HOME, type HomeIdentity } from '../license/index.js';
import { WindowCallCounter } from '../metrics/index.js';
import { TenantHandles, type Session } from '../tenancy/index.js';
import { KEPT_MS } from './domain/handed-tables.js';
import { MoveReports } from './move-reports.js';
import { endWriter, hold, writers, type Writer } from './moves.store.js';
import { pack } from './parcels.store.js';
import { tenantTableWords, type TableWord } from './table-words.js';
import { closeToWrites, openToWrites } from './tenant-fence.js';

const POLL_MS = 50;
/** After this whoever is still in the middle of a write is put out: a statement takes far less. */
const WRITERS_MS = 5_000;
const TIMEOUT_MS = 5 * 60_000;

export interface Drained {
  readonly deploymentId: string;
  readonly toEpoch: number;
  readonly toHomeId: string;
}

/** The old home's part before the flip: nothing is written any more, and what goes along is packed as it then stands. */
@Injectable()
export class MoveDrain {
  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(TenantHandles) private readonly handles: TenantHandles,
    @Inject(DECIDER) private readonly decider: Decider,
    @Inject(WindowCallCounter) private readonly counter: WindowCallCounter,
    @Inject(MoveReports) private readonly reports: MoveReports,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** What this process keeps in memory of the deployment goes to the database. */
  async flush(deploymentId: string): Promise<void> {
    this.decider.slices.retire(deploymentId);
    await this.counter.flush();
  }

  async drain({ deploymentId, toEpoch, toHomeId }: Drained): Promise<void> {
    await this.flush(deploymentId);
    const heldAt = await hold(this.unitOfWork.reader, deploymentId, toEpoch, this.clock.now());
    faultPoint('move.after_hold');
    await this.outlastWriters();
    const tenantTables = await this.closeTenant(deploymentId);
    const keptSince = new Date(heldAt.getTime() - KEPT_MS);
    const handover = { deploymentId, toEpoch, fromHomeId: this.home.homeId, toHomeId, keptSince };
    await this.unitOfWork.run(
      async (tx) => {
        const packed = await pack(tx, handover);
        faultPoint('move.after_pack');
        const tables = [...packed, ...tenantTables];
        const ofHomeId = this.home.homeId;
        const word = { deploymentId, toEpoch, step: 'drained', ofHomeId, closedThrough: heldAt, keptSince } as const;
        await this.reports.doneIn(tx, { ...word, tables });
      },
      { isolation: 'RepeatableRead', timeoutMs: TIMEOUT_MS },
    );
  }

  /** Of a move that was undone: the tenant's database is written again. */
  async reopen(deploymentId: string): Promise<void> {
    await this.inTenant(deploymentId, (session) => openToWrites(session, WRITERS_MS));
  }

  private closeTenant(deploymentId: string): Promise<TableWord[]> {
    return this.inTenant(deploymentId, async (session) => {
      await closeToWrites(session, WRITERS_MS);
      faultPoint('move.after_close');
      return tenantTableWords(async <Row extends object>(sql: string, params: readonly unknown[]) => {
        const { rows } = await session.query(sql, [...params]);
        return rows as Row[];
      });
    });
  }

  private async inTenant<T>(deploymentId: string, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await this.handles.openSession(deploymentId);
    try {
      return await work(session);
    } finally {
      await session.end().catch(() => undefined);
    }
  }

  /** Every transaction that may not have seen the hold comes to its end, or is brought to it. */
  private async outlastWriters(): Promise<void> {
    const { reader } = this.unitOfWork;
    let left: Writer[] = await writers(reader);
    const until = performance.now() + WRITERS_MS;
    while (left.length > 0) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      const present = new Set((await writers(reader)).map(nameOf));
      left = left.filter((writer) => present.has(nameOf(writer)));
      if (performance.now() < until) continue;
      for (const writer of left) await endWriter(reader, writer);
    }
  }
}

const nameOf = ({ pid, xid }: Writer): string => `${pid}:${xid}`;
