import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { LABELS, refOf, type ClusterGateway, type KubernetesObject } from '../cluster/index.js';
import { OrphansStore, WantedHomes, type DedicatedHome, type Orphan, type OrphanReason } from '../homes/index.js';
import { ReconcilerMetrics } from './reconciler-metrics.js';
import { CLUSTER } from './reconciler-settings.js';

/** Reported for so long before anything is deleted: time for a person to say that it is a mistake. */
export const REPORTED_MS_MIN = 5 * 60_000;
const ACTOR = jobActor('reconciler-sweep');

/**
 * Namespaces of this platform that belong to no wanted home. Each is reported when it is first seen. Only those of a home that is known to
 * be gone are deleted; of what was never made here nothing can be known: a database restored from yesterday has forgotten homes that live.
 */
@Injectable()
export class OrphanSweep {
  private readonly logger = new Logger('Reconciler');

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly homes: WantedHomes,
    private readonly store: OrphansStore,
    private readonly audit: Audit,
    private readonly metrics: ReconcilerMetrics,
    @Inject(CLUSTER) private readonly gateway: ClusterGateway,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async run(strays: readonly KubernetesObject[]): Promise<void> {
    const ids = strays.map((stray) => stray.metadata.labels?.[LABELS.home] ?? '').filter((id) => UUID.test(id));
    const known = await this.homes.known(ids);
    const orphans = strays.flatMap((namespace) => {
      const orphan = orphanOf(namespace, known);
      return orphan ? [{ namespace, orphan }] : [];
    });
    this.metrics.orphans.reset();
    for (const { namespace, orphan } of orphans) {
      this.metrics.orphans.inc({ reason: orphan.reason });
      await this.handle(namespace, orphan);
    }
  }

  private async handle(namespace: KubernetesObject, orphan: Orphan): Promise<void> {
    const now = this.clock.now();
    const { firstSeenAt } = await this.unitOfWork.run(async (tx) => {
      const seen = await this.store.seen(tx, orphan, now);
      if (seen.isNew) await this.record(tx, 'home.orphan_reported', orphan);
      return seen;
    });
    if (firstSeenAt.getTime() === now.getTime()) this.logger.warn({ orphan }, 'a namespace belongs to no wanted home');
    const isDue = now.getTime() - firstSeenAt.getTime() >= REPORTED_MS_MIN;
    if (orphan.reason !== 'HOME_GONE' || !isDue || namespace.metadata.deletionTimestamp !== undefined) return;
    faultPoint('reconcile.before_sweep');
    // Of just this namespace: one that was made anew under the same name meanwhile is another.
    await this.gateway.delete(refOf(namespace), { uid: orphan.uid });
    await this.unitOfWork.run(async (tx) => {
      if (await this.store.deleted(tx, orphan.uid, now)) await this.record(tx, 'home.orphan_deleted', orphan);
    });
  }

  private async record(tx: Tx, action: string, orphan: Orphan): Promise<void> {
    const { uid, namespace, homeId, deploymentId, reason } = orphan;
    const after = { namespace, homeId, deploymentId, reason };
    await this.audit.record(tx, { actor: ACTOR, action, object: { type: 'namespace', id: uid }, after });
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Null of a home that is wanted, be it in another reconciler's region, or that its own removal takes care of. */
function orphanOf({ metadata }: KubernetesObject, known: ReadonlyMap<string, DedicatedHome>): Orphan | null {
  const { uid, name, labels = {} } = metadata;
  if (uid === undefined) return null;
  const home = known.get(labels[LABELS.home] ?? '');
  const deploymentId = labels[LABELS.deployment] ?? null;
  const isOthers = home !== undefined && home.deploymentId !== deploymentId;
  if (home && !isOthers && home.goneAt === null) return null;
  const reason: OrphanReason = !home ? 'HOME_UNKNOWN' : isOthers ? 'OTHER_DEPLOYMENT' : 'HOME_GONE';
  const region = home?.region ?? labels[LABELS.region] ?? '';
  return {
    uid,
    namespace: name,
    region: region.slice(0, 32),
    homeId: labels[LABELS.home] ?? null,
    deploymentId,
    reason,
  };
}
