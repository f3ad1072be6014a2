import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { licensesDigest, topics, type InstanceStatus, type LicenseApplied, type MoveReport } from '@biplane/contracts';
import { canonicalJson, type Clock } from '@biplane/kernel';
import { CLOCK, type Tx } from '@biplane/service-kit';
import { DeploymentsService, presentPlacement } from '../deployments/index.js';
import { RegionsService } from '../regions/index.js';
import { AppliedStore, type StoredReport } from './applied.store.js';
import { reportFault } from './domain/judge-report.js';
import { mergeApplied, type AppliedReport } from './domain/merge-applied.js';
import { InstancesStore } from './instances.store.js';
import { LicenseMetrics } from './license-metrics.js';
import { LicensesStore } from './licenses.store.js';
import { MoveInbox } from './move-inbox.js';

/** An instance that is silent for so long is not live. */
export const LIVE_MS = 3 * 60_000;

export interface Received {
  /** The topic names the region: the broker let only that region's homes write there. */
  readonly region: string;
  readonly key: string | null;
}

type Listener = (tx: Tx, report: StoredReport) => Promise<void>;

/** Takes in what homes report about licenses. Every effect is a conditional upsert: repeated or late, it changes nothing. */
@Injectable()
export class AppliedService {
  private readonly listeners: Listener[] = [];

  constructor(
    private readonly store: AppliedStore,
    private readonly instances: InstancesStore,
    private readonly licenses: LicensesStore,
    private readonly deployments: DeploymentsService,
    private readonly regions: RegionsService,
    private readonly metrics: LicenseMetrics,
    private readonly moves: MoveInbox,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Called in the transaction in which a report of the present home changed something. */
  onReport(listener: Listener): void {
    this.listeners.push(listener);
  }

  async receiveApplied(tx: Tx, record: LicenseApplied, received: Received): Promise<void> {
    const deployment = (await this.deployments.findMany(tx, [record.deploymentId])).get(record.deploymentId) ?? null;
    const head = await this.licenses.head(tx, record.deploymentId);
    const fault = reportFault(
      { ...record, databaseName: record.database.name },
      { key: received.key, topicRegion: received.region, deployment, issuedVersion: head?.version ?? 0 },
    );
    if (fault !== null || deployment === null)
      return this.quarantine(tx, 'LicenseApplied', fault ?? 'DEPLOYMENT_UNKNOWN', record, received);
    const before = await this.store.lock(tx, record.deploymentId, record.homeId);
    const report = reportOf(record);
    const merged = before === null ? report : mergeApplied(before, report);
    if (merged === before) return this.metrics.countRecord(tx, 'LicenseApplied', 'unchanged');
    const stored = {
      ...merged,
      deploymentId: record.deploymentId,
      homeId: record.homeId,
      receivedAt: this.clock.now(),
    };
    await this.store.save(tx, stored);
    this.metrics.countRecord(tx, 'LicenseApplied', 'changed');
    if (presentPlacement(deployment).homeId !== record.homeId) return;
    for (const listener of this.listeners) await listener(tx, stored);
  }

  /** What a home says of a deployment that is being moved: whose word counts the move itself knows. */
  async receiveMove(tx: Tx, report: MoveReport, received: Received): Promise<void> {
    const home = await this.regions.home(tx, report.homeId);
    const agrees = received.key === report.deploymentId && home?.region === received.region;
    const fault = agrees ? await this.moves.take(tx, report) : home === null ? 'HOME_UNKNOWN' : 'REGION_MISMATCH';
    if (fault !== null) return this.quarantine(tx, 'MoveReport', fault, report, received);
    this.metrics.countRecord(tx, 'MoveReport', 'changed');
  }

  async receiveStatus(tx: Tx, status: InstanceStatus, received: Received): Promise<void> {
    const home = await this.regions.home(tx, status.homeId);
    const agrees =
      received.key === status.instanceId && status.region === received.region && home?.region === received.region;
    if (!agrees)
      return this.quarantine(
        tx,
        'InstanceStatus',
        home === null ? 'HOME_UNKNOWN' : 'REGION_MISMATCH',
        status,
        received,
      );
    const now = this.clock.now();
    const isNews = await this.instances.save(tx, status, now);
    await this.instances.saveEnforced(tx, status, status.applied, now);
    if (isNews) await this.healByDigest(tx, status, now);
    const liveAfter = new Date(now.getTime() - LIVE_MS);
    const reached = await this.instances.recordPropagation(tx, status.homeId, liveAfter);
    for (const { region, millis } of reached) this.metrics.observePropagation(tx, region, millis);
    for (const millis of await this.instances.planUpdates(tx, reached)) this.metrics.observePlanUpdate(tx, millis);
    this.metrics.countRecord(tx, 'InstanceStatus', isNews ? 'changed' : 'unchanged');
  }

  /** A status that was lost is made up for by the next: equal digests mean that the instance holds every present license. */
  private async healByDigest(tx: Tx, status: InstanceStatus, now: Date): Promise<void> {
    if (!(await this.instances.hasBehind(tx, status.instanceId, status.homeId))) return;
    const present = await this.instances.presentOfHome(tx, status.homeId);
    const live = present.filter(({ isTombstoned }) => !isTombstoned);
    const isUpToDate = [present, live].some((lines) => licensesDigest(lines) === status.licensesDigest);
    if (isUpToDate) await this.instances.saveEnforced(tx, status, present, now);
  }

  private async quarantine(tx: Tx, type: string, reason: string, record: unknown, received: Received): Promise<void> {
    const topic = topics.applied(received.region);
    const contentHash = createHash('sha256').update(canonicalJson({ topic, type, record })).digest('hex');
    await this.store.quarantine(tx, { contentHash, topic, type, reason, record }, this.clock.now());
    this.metrics.countRecord(tx, type, 'quarantined');
  }
}

function reportOf(record: LicenseApplied): AppliedReport {
  return {
    epoch: record.epoch,
    licenseVersion: record.licenseVersion,
    licenseJti: record.licenseJti,
    appliedAt: new Date(record.appliedAt),
    databaseState: record.database.state,
    databaseName: record.database.name,
    schemaVersion: record.database.schemaVersion,
    reason: record.database.reason ?? null,
    adminBootstrapped: record.adminBootstrapped,
  };
}
