import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import { RefusalError, type Clock } from '@biplane/kernel';
import { buildClaims, signLicenseWith, type LicenseClaims, type LicenseStatus } from '@biplane/licensing';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, faultPoint, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentsService, EntitlementChanges } from '../deployments/index.js';
import { DedicatedHomes } from '../homes/index.js';
import { LimitEngine } from '../limits/index.js';
import { AppliedStore } from './applied.store.js';
import { LicenseInputs } from './license-inputs.js';
import { LicenseMetrics } from './license-metrics.js';
import { LicenseIssueErrors } from './licenses.errors.js';
import { LicensesStore, type LicenseHead, type LicenseRow } from './licenses.store.js';
import { SigningKeys } from './signing-keys.service.js';

const REISSUE_MS = 24 * 3_600_000;
const PURGE_MS = 30 * 24 * 3_600_000;

/** Computes, signs, stores and publishes licenses. Every signing takes the next version; publishing again keeps its bytes. */
@Injectable()
export class LicenseService implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: LicensesStore,
    private readonly applied: AppliedStore,
    private readonly inputs: LicenseInputs,
    private readonly keys: SigningKeys,
    private readonly deployments: DeploymentsService,
    private readonly changes: EntitlementChanges,
    private readonly outbox: Outbox,
    private readonly audit: Audit,
    private readonly metrics: LicenseMetrics,
    private readonly limits: LimitEngine,
    private readonly homes: DedicatedHomes,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.changes.onChange(20, async (tx, change) => {
      // A deployment that is being created has no license yet: creation issues the first itself.
      const head = await this.store.lockHead(tx, change.deploymentId);
      if (head && !isOver(head, this.clock.now())) await this.issue(tx, change.deploymentId, change.cause);
    });
  }

  /** The next version, signed, stored and in the outbox, in the caller's transaction. */
  async issue(tx: Tx, deploymentId: string, cause: string): Promise<LicenseRow> {
    const head = await this.store.lockHead(tx, deploymentId);
    const now = this.clock.now();
    const { claims, region, changesAt } = await this.claims(tx, deploymentId, head, now);
    const key = await this.keys.signing(tx);
    const license: LicenseRow = {
      deploymentId,
      version: claims.version,
      jti: claims.jti,
      tenantId: claims.sub,
      kid: key.kid,
      status: claims.status,
      claims,
      signed: await signLicenseWith(claims, key),
      cause,
      issuedAt: now,
    };
    await this.store.insert(tx, license);
    const { tenantId, version, jti, status, issuedAt } = license;
    const due = reissueDueAt(claims, now, changesAt);
    await this.store.saveHead(
      tx,
      { deploymentId, tenantId, region, homeId: claims.placement.homeId, version, jti, status, issuedAt },
      due,
    );
    await this.publish(tx, license);
    const { featureFlags, modules } = claims;
    await this.homes.licensed(tx, deploymentId, { status, featureFlags, modules: Object.keys(modules) });
    if (head) await this.noteNewLimits(tx, head, claims, now);
    this.metrics.countIssued(tx, cause);
    UnitOfWork.afterCommit(tx, () => faultPoint('license_after_commit'));
    return license;
  }

  /** The same bytes once more, for a home that may not have them. */
  async publish(tx: Tx, license: LicenseRow): Promise<void> {
    const record = eventRecord('LicenseIssued', {
      topic: topics.issued(license.claims.deployment.region),
      key: license.deploymentId,
      id: license.jti,
      source: 'core-api',
      subject: license.deploymentId,
      time: license.issuedAt,
      data: { deploymentId: license.deploymentId, license: license.signed },
      compacted: true,
    });
    await this.outbox.add(tx, record);
  }

  async publishPresent(tx: Tx, deploymentId: string): Promise<void> {
    const head = await this.requiredHead(tx, deploymentId);
    const license = await this.store.version(tx, deploymentId, head.version);
    await this.publish(tx, license!);
    await this.store.markPublished(tx, [deploymentId], this.clock.now());
  }

  reissue(deploymentId: string, reason: string, actor: Actor): Promise<LicenseRow> {
    return this.unitOfWork.run(async (tx) => {
      await this.refuseRevoked(tx, deploymentId);
      const license = await this.issue(tx, deploymentId, 'reissue');
      await this.recordChange(tx, 'license.reissued', license, reason, actor);
      return license;
    });
  }

  /** A newer version that says so; never an absence. Final: later versions stay revoked. */
  revoke(deploymentId: string, reason: string, actor: Actor): Promise<LicenseRow> {
    return this.unitOfWork.run(async (tx) => {
      await this.refuseRevoked(tx, deploymentId);
      return this.revokeIn(tx, deploymentId, reason, actor);
    });
  }

  /** The same in the caller's transaction, of one that is not revoked yet. */
  async revokeIn(tx: Tx, deploymentId: string, reason: string, actor: Actor): Promise<LicenseRow> {
    const now = this.clock.now();
    await this.store.setRevoked(tx, deploymentId, now, new Date(now.getTime() + PURGE_MS));
    const license = await this.issue(tx, deploymentId, 'revoke');
    await this.recordChange(tx, 'license.revoked', license, reason, actor);
    return license;
  }

  async requiredHead(tx: Tx, deploymentId: string): Promise<LicenseHead> {
    const head = await this.store.head(tx, deploymentId);
    if (head) return head;
    throw new RefusalError(LicenseIssueErrors.NOT_FOUND({ detail: `Deployment ${deploymentId} has no license` }));
  }

  /** Usage that is being stored by the license before is missing from the counters of limits which it did not name. */
  private async noteNewLimits(tx: Tx, head: LicenseHead, claims: LicenseClaims, now: Date): Promise<void> {
    const { newLimits } = this.limits.decider;
    const before = await this.store.version(tx, head.deploymentId, head.version);
    if (!before) return;
    const added = newLimits.added(newLimits.named(before.claims), newLimits.named(claims));
    await newLimits.ask(tx, head.deploymentId, added, now);
  }

  private async claims(tx: Tx, deploymentId: string, head: LicenseHead | null, now: Date) {
    const bootstrapped = (await this.applied.ofDeployment(tx, deploymentId)).some((report) => report.adminBootstrapped);
    const { input: inputs, changesAt } = await this.inputs.of(tx, deploymentId, { now, withBootstrap: !bootstrapped });
    const status = statusOf(head, inputs.status);
    let purgeAfter = head?.purgeAfter ?? undefined;
    if (status === 'revoked' && !purgeAfter) {
      purgeAfter = new Date(now.getTime() + PURGE_MS);
      await this.store.setRevoked(tx, deploymentId, now, purgeAfter);
    }
    const { jti, version } = { jti: this.ids.uuid(), version: (head?.version ?? 0) + 1 };
    const claims = buildClaims({ ...inputs, now, jti, version, status, ...(status === 'revoked' && { purgeAfter }) });
    return { claims, region: inputs.deployment.region, changesAt };
  }

  private async refuseRevoked(tx: Tx, deploymentId: string): Promise<void> {
    await this.deployments.required(tx, deploymentId);
    const head = await this.store.lockHead(tx, deploymentId);
    if (head?.revokedAt) {
      throw new RefusalError(LicenseIssueErrors.REVOKED({ detail: `Revoked at ${head.revokedAt.toISOString()}` }));
    }
  }

  private async recordChange(tx: Tx, action: string, license: LicenseRow, reason: string, actor: Actor): Promise<void> {
    const after = { version: license.version, jti: license.jti, status: license.status };
    const object = { type: 'deployment', id: license.deploymentId };
    await this.audit.record(tx, { actor, action, object, tenantId: license.tenantId, after, reason });
  }
}

/** Its data may be purged, or its key is deleted: what is signed now would be expired at birth. */
function isOver({ tombstonedAt, purgeAfter }: LicenseHead, now: Date): boolean {
  return tombstonedAt !== null || (purgeAfter !== null && purgeAfter <= now);
}

/** What was revoked stays so. One that has ended and is being retired is only stopped until its final invoice is issued. */
function statusOf(head: LicenseHead | null, due: LicenseStatus): LicenseStatus {
  if (head?.revokedAt) return 'revoked';
  return due === 'revoked' && head?.revocationHeldAt ? 'suspended' : due;
}

/**
 * A day later, or when an override or a flag ends by itself. Never when nobody has to hear of it again: its data is purged by
 * then, or its grace is over and every further signing would be expired at birth.
 */
export function reissueDueAt(
  claims: Pick<LicenseClaims, 'status' | 'purgeAfter' | 'graceEndsAt'>,
  now: Date,
  changesAt: Date | null,
): Date | null {
  const due = new Date(Math.min(now.getTime() + REISSUE_MS, changesAt?.getTime() ?? Infinity));
  const last = claims.status === 'revoked' ? claims.purgeAfter : claims.graceEndsAt;
  return last !== undefined && due >= new Date(last) ? null : due;
}
