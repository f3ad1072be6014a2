import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, JobRunner } from '@biplane/service-kit';
import {
  LABELS,
  OWNED_KINDS,
  plan,
  platformLabels,
  READ_KINDS,
  type ClusterGateway,
  type KubernetesObject,
} from '../cluster/index.js';
import { isSameAnnotations, objectsOf, WantedHomes, type WantedHome } from '../homes/index.js';
import { podOf, workloadOf } from './cluster-reading.js';
import { availability } from './domain/availability.js';
import { OrphanSweep } from './orphan-sweep.js';
import { Permissions } from './permissions.js';
import { ReconcilerMetrics } from './reconciler-metrics.js';
import { seenAnnotations } from './seen-objects.js';
import { CLUSTER, hashOfSettings, RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

export const PASS_EVERY_MS = 5 * 60_000;
const NOTHING_DONE = { returned: new Map<string, KubernetesObject>() };

/**
 * Compares every home with what the cluster has, by one list a kind, and has those looked at that differ. It writes nothing itself, so
 * that any number of them may run; and it alone suffices, should every watch be silent.
 */
@Injectable()
export class FullPass implements OnModuleInit {
  private readonly logger = new Logger('Reconciler');
  private running: Promise<readonly string[]> | null = null;
  private endedAt: number | null = null;

  constructor(
    private readonly jobs: JobRunner,
    private readonly homes: WantedHomes,
    private readonly sweep: OrphanSweep,
    private readonly permissions: Permissions,
    private readonly metrics: ReconcilerMetrics,
    @Inject(CLUSTER) private readonly gateway: ClusterGateway,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const run = async () => void (await this.run());
    this.jobs.register({ name: 'reconciler-full-pass', everyMs: PASS_EVERY_MS, run });
  }

  /** Since the last one ended; null before the first. Technical time. */
  get agoMs(): number | null {
    return this.endedAt === null ? null : performance.now() - this.endedAt;
  }

  /** The homes that differ. Asked for during a pass, it is that pass. */
  run(): Promise<readonly string[]> {
    this.running ??= this.pass().finally(() => (this.running = null));
    return this.running;
  }

  private async pass(): Promise<readonly string[]> {
    const startedAt = performance.now();
    let result = 'ok';
    try {
      await this.permissions.check();
      return await this.compare();
    } catch (error) {
      result = 'failed';
      this.logger.error({ err: error }, 'a full pass failed');
      return [];
    } finally {
      this.endedAt = performance.now();
      this.metrics.passes.inc({ result });
      this.metrics.passSeconds.set((this.endedAt - startedAt) / 1000);
    }
  }

  private async compare(): Promise<readonly string[]> {
    const objects = await this.everything();
    const byHome = new Map<string, KubernetesObject[]>();
    for (const object of objects) {
      const homeId = object.metadata.labels?.[LABELS.home] ?? '';
      byHome.set(homeId, [...(byHome.get(homeId) ?? []), object]);
    }
    const present = await this.homes.present(this.settings.regions);
    const differing = present.filter(({ home, enrollmentToken }) =>
      this.differs(home, enrollmentToken, byHome.get(home.homeId) ?? []),
    );
    const ids = differing.map(({ home }) => home.homeId);
    await this.homes.wake(ids, 'pass', this.clock.now());
    const wanted = new Set(present.map(({ home }) => home.homeId));
    const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
    await this.sweep.run(namespaces.filter(({ metadata }) => !wanted.has(metadata.labels?.[LABELS.home] ?? '')));
    return ids;
  }

  /** One kind after the other: the API server has others to serve. */
  private async everything(): Promise<KubernetesObject[]> {
    const labels = platformLabels(this.settings.platform);
    const objects: KubernetesObject[] = [];
    for (const { kind } of [...OWNED_KINDS, ...READ_KINDS]) {
      for (const object of await this.gateway.list({ kind, labels })) objects.push(object);
    }
    return objects;
  }

  private differs(home: WantedHome, token: string | null, objects: readonly KubernetesObject[]): boolean {
    const settings = this.settings.settingsOf.get(home.region);
    if (home.desired === 'absent' || token === null || settings === undefined) return true;
    if (home.generation !== home.observedGeneration || home.observedSettings !== hashOfSettings(settings)) return true;
    const owned = objects.filter(({ kind }) => kind !== 'Pod');
    const pods = objects.filter(({ kind }) => kind === 'Pod').map(podOf);
    const desired = objectsOf(home, token, this.settings.platform, settings);
    const actions = plan(owned, desired, home);
    if (actions.some((action) => action.do !== 'nothing')) return true;
    if (!isSameAnnotations(home.annotations, seenAnnotations(actions, owned, NOTHING_DONE))) return true;
    const seen = availability(home.desired, workloadOf(owned), pods);
    const known = home.conditions.find(({ type }) => type === 'Available');
    const isApplied = home.conditions.some(({ type, status }) => type === 'Applied' && status);
    return !isApplied || known?.status !== seen.status || known.reason !== seen.reason;
  }
}
