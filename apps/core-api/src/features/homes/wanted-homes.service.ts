import { Injectable } from '@nestjs/common';
import { FieldCipher, UnitOfWork, type Tx } from '@biplane/service-kit';
import {
  changedConditions,
  isSameAnnotations,
  type DedicatedHome,
  type HomeCondition,
  type SeenAnnotations,
  type SeenCondition,
} from './domain/home.js';
import { objectChanges, type SeenObject } from './domain/home-object.js';
import { HomeObjectsStore } from './home-objects.store.js';
import { HomeStopsStore } from './home-stops.store.js';
import { HomesStore, type StoredHome } from './homes.store.js';
import { ObservationsStore } from './observations.store.js';
import { ReconcileQueue, type QueueDepth, type ReconcileClaim } from './reconcile-queue.store.js';
import { tokenPlace } from './token-place.js';

/** Nobody waits for an answer, and a look that is thrown away is made again only when its lease is over. */
const RECORD_WAIT_MS = 10_000;

/** A home with what the cluster last said of it. */
export interface WantedHome extends DedicatedHome {
  readonly conditions: readonly HomeCondition[];
}

/** What one look at a home came to. */
export interface Look {
  /** What the cluster has now; null when it could not be brought there. */
  readonly applied: { readonly generation: number; readonly settings: string } | null;
  readonly conditions: readonly SeenCondition[];
  /** What it has in the cluster; null when that was not seen. */
  readonly objects: readonly SeenObject[] | null;
  /** What the cluster returned in those of its namespace; null when that was not seen. */
  readonly annotations: SeenAnnotations | null;
  readonly isGone: boolean;
  /** Looked at again after a back-off, which what is merely suspected does not cut short. */
  readonly isFailure: boolean;
  /** When to look again; null when nothing is left to do. */
  readonly nextAt: Date | null;
}

/** The side of the reconciler: which homes to look at, and what was seen. It makes no home and changes none. */
@Injectable()
export class WantedHomes {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly homes: HomesStore,
    private readonly queue: ReconcileQueue,
    private readonly observations: ObservationsStore,
    private readonly stops: HomeStopsStore,
    private readonly objects: HomeObjectsStore,
    private readonly cipher: FieldCipher,
  ) {}

  claim(
    now: Date,
    of: {
      readonly regions: readonly string[];
      readonly take: number;
      readonly leaseMs: number;
      readonly holder: string;
    },
  ): Promise<ReconcileClaim[]> {
    return this.unitOfWork.run((tx) => this.queue.claim(tx, now, of));
  }

  /** False when the lease was lost: another looks at it. */
  renew(claim: ReconcileClaim, until: Date): Promise<boolean> {
    return this.unitOfWork.run((tx) => this.queue.renew(tx, claim, until));
  }

  async find(homeId: string): Promise<WantedHome | null> {
    const home = await this.homes.find(this.unitOfWork.reader, homeId);
    return home && ((await this.withConditions([home]))[0] ?? null);
  }

  /** Of one that is not absent: what its pods enroll with. */
  async enrollmentToken(homeId: string): Promise<string | null> {
    const home = await this.homes.find(this.unitOfWork.reader, homeId);
    return home && this.tokenOf(home);
  }

  /** Every home of the regions that is not gone, with its token while it is wanted. */
  async present(
    regions: readonly string[],
  ): Promise<readonly { readonly home: WantedHome; readonly enrollmentToken: string | null }[]> {
    const stored = await this.homes.present(this.unitOfWork.reader, regions);
    const homes = await this.withConditions(stored);
    return homes.map((home, at) => ({ home, enrollmentToken: this.tokenOf(stored[at]!) }));
  }

  /** Those of the ids that were ever made, gone or not. */
  async known(homeIds: readonly string[]): Promise<Map<string, DedicatedHome>> {
    const rows = await this.homes.known(this.unitOfWork.reader, homeIds);
    return new Map(rows.map((home) => [home.homeId, withoutToken(home)]));
  }

  /** A look at each that is not gone, soon. */
  async wake(homeIds: readonly string[], cause: string, now: Date): Promise<void> {
    if (homeIds.length === 0) return;
    await this.unitOfWork.run((tx) => this.queue.wake(tx, homeIds, cause, now));
  }

  /** All of a look in one transaction with `also`; nothing and false when the lease was lost meanwhile. */
  record(claim: ReconcileClaim, look: Look, now: Date, also: (tx: Tx) => Promise<void>): Promise<boolean> {
    const work = async (tx: Tx) => {
      const home = await this.homes.lock(tx, claim.homeId);
      if (!(await this.queue.holds(tx, claim))) return false;
      if (home) {
        await this.write(tx, home, look, now);
        await also(tx);
      }
      if (look.nextAt === null) await this.queue.settle(tx, claim);
      else await this.queue.release(tx, claim, look.nextAt, look.isFailure);
      return true;
    };
    return this.unitOfWork.run(work, { waitMs: RECORD_WAIT_MS });
  }

  depth(regions: readonly string[], now: Date): Promise<QueueDepth> {
    return this.queue.depth(this.unitOfWork.reader, regions, now);
  }

  conditionCounts(regions: readonly string[]): ReturnType<HomesStore['conditionCounts']> {
    return this.homes.conditionCounts(this.unitOfWork.reader, regions);
  }

  private tokenOf({ homeId, tokenEncrypted }: StoredHome): string | null {
    return tokenEncrypted === null ? null : this.cipher.decrypt(tokenPlace(homeId), tokenEncrypted);
  }

  private async write(tx: Tx, home: StoredHome, look: Look, now: Date): Promise<void> {
    const { homeId, deploymentId, tenantId } = home;
    const known = (await this.homes.conditions(tx, [homeId])).get(homeId) ?? [];
    const changed = changedConditions(known, look.conditions, now);
    const isNewlyGone = look.isGone && home.goneAt === null;
    const { applied } = look;
    const isNews =
      applied !== null && (applied.generation > home.observedGeneration || applied.settings !== home.observedSettings);
    if (isNewlyGone || isNews) {
      const observed = applied ?? { generation: home.observedGeneration, settings: null };
      await this.homes.observed(tx, homeId, observed, isNewlyGone ? now : null);
    }
    const { annotations } = look;
    if (annotations !== null && !isSameAnnotations(home.annotations, annotations)) {
      await this.homes.saveAnnotations(tx, homeId, annotations, now);
    }
    if (look.objects) await this.writeObjects(tx, homeId, look.objects, now);
    if (changed.length === 0 && !isNewlyGone) return;
    await this.homes.saveConditions(tx, homeId, changed);
    const available = changed.find(({ type }) => type === 'Available');
    if (available?.reason === 'STOPPED') await this.stops.begin(tx, homeId, now);
    else if (available) await this.stops.end(tx, homeId, now);
    const conditions = [...known.filter(({ type }) => !changed.some((each) => each.type === type)), ...changed];
    await this.observations.insert(tx, { homeId, deploymentId, tenantId, conditions, isGone: look.isGone, at: now });
  }

  private async writeObjects(tx: Tx, homeId: string, seen: readonly SeenObject[], now: Date): Promise<void> {
    const known = (await this.objects.ofHomes(tx, [homeId])).get(homeId) ?? [];
    const { changed, over } = objectChanges(known, seen, now);
    await this.objects.forget(tx, homeId, over);
    await this.objects.save(tx, homeId, changed);
  }

  private async withConditions(homes: readonly StoredHome[]): Promise<WantedHome[]> {
    const ids = homes.map(({ homeId }) => homeId);
    const conditions = await this.homes.conditions(this.unitOfWork.reader, ids);
    return homes.map((home) => ({ ...withoutToken(home), conditions: conditions.get(home.homeId) ?? [] }));
  }
}

function withoutToken({ tokenEncrypted: _, tokenHash: __, ...home }: StoredHome): DedicatedHome {
  return home;
}
