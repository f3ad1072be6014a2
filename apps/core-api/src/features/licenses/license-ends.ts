import { Inject, Injectable } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import { Outbox } from '@biplane/messaging';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { AppliedStore, type StoredReport } from './applied.store.js';
import { InstancesStore } from './instances.store.js';
import { LicenseService } from './license.service.js';
import { LicensesStore } from './licenses.store.js';

/** How the end of a license stands. */
export interface EndingLicense {
  readonly homeId: string;
  readonly version: number;
  readonly status: string;
  readonly purgeAfter: Date | null;
  /** The last live instance of its home is known to enforce the present version. */
  readonly isEnforced: boolean;
  /** What the home that holds it last said of its database; null when it never said anything. */
  readonly report: StoredReport | null;
  readonly tombstonedAt: Date | null;
}

/** The end of a license, for the feature that retires deployments: stopped, revoked with a day to purge its data, and gone. */
@Injectable()
export class LicenseEnds {
  constructor(
    private readonly store: LicensesStore,
    private readonly applied: AppliedStore,
    private readonly instances: InstancesStore,
    private readonly licenses: LicenseService,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** From now on its end stops it and does not revoke it, so that nobody purges what is not invoiced yet. */
  async hold(tx: Tx, deploymentId: string): Promise<void> {
    const head = await this.store.lockHead(tx, deploymentId);
    if (!head || head.revokedAt || head.revocationHeldAt) return;
    await this.store.setRevocationHeld(tx, deploymentId, this.clock.now());
  }

  /** Revoked for good, with `purgeAfter`. One that is so already stays as it is. */
  async revoke(tx: Tx, deploymentId: string, reason: string, actor: Actor): Promise<void> {
    const head = await this.store.lockHead(tx, deploymentId);
    if (!head || head.revokedAt) return;
    await this.licenses.revokeIn(tx, deploymentId, reason, actor);
  }

  /** Once more, as a newer version while one could still be taken. */
  async sendAgain(tx: Tx, deploymentId: string): Promise<void> {
    const head = await this.store.lockHead(tx, deploymentId);
    if (!head || head.tombstonedAt) return;
    if (head.purgeAfter && head.purgeAfter <= this.clock.now()) await this.licenses.publishPresent(tx, deploymentId);
    else await this.licenses.issue(tx, deploymentId, 'retirement');
  }

  /** Its key is deleted from the topic; nothing follows it. */
  async tombstone(tx: Tx, deploymentId: string, actor: Actor): Promise<void> {
    const head = await this.store.lockHead(tx, deploymentId);
    if (!head || head.tombstonedAt) return;
    await this.store.setTombstoned(tx, deploymentId, this.clock.now());
    const record = { topic: topics.issued(head.region), key: deploymentId, headers: {}, value: null, compacted: true };
    await this.outbox.add(tx, record);
    await this.audit.record(tx, {
      actor,
      action: 'license.tombstoned',
      object: { type: 'deployment', id: deploymentId },
      tenantId: head.tenantId,
      after: { version: head.version },
    });
  }

  /** Null for a deployment that never had a license. */
  async standing(tx: Tx, deploymentId: string): Promise<EndingLicense | null> {
    const head = await this.store.head(tx, deploymentId);
    if (!head) return null;
    const { homeId, version, status, purgeAfter, tombstonedAt } = head;
    const reports = await this.applied.ofDeployment(tx, deploymentId);
    const isEnforced = (await this.instances.propagation(tx, deploymentId, version)) !== null;
    const report = reports.find((each) => each.homeId === homeId) ?? null;
    return { homeId, version, status, purgeAfter, isEnforced, report, tombstonedAt };
  }
}
