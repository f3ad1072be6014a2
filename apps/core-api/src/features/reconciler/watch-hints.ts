import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, JobRunner } from '@biplane/service-kit';
import {
  LABELS,
  OWNED_KINDS,
  platformLabels,
  READ_KINDS,
  type ClusterGateway,
  type ClusterHint,
  type Watching,
} from '../cluster/index.js';
import { WantedHomes } from '../homes/index.js';
import { FullPass } from './full-pass.js';
import { CLUSTER, RECONCILER_SETTINGS, type ReconcilerSettings } from './reconciler-settings.js';

const EVERY_MS = 500;
/** Homes that changed between two runs; what is beyond it is found by the next pass. */
const HOMES_MAX = 10_000;
/** A watch that starts over asks for a pass: many that do so together get one. */
const PASS_REST_MS = 30_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Says which homes to look at earlier than the next pass would. Nothing depends on it: a hint that is lost costs time alone. */
@Injectable()
export class WatchHints implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Reconciler');
  private readonly homeIds = new Set<string>();
  private watching: Watching[] = [];
  private isPassWanted = false;

  constructor(
    private readonly jobs: JobRunner,
    private readonly homes: WantedHomes,
    private readonly passes: FullPass,
    @Inject(CLUSTER) private readonly gateway: ClusterGateway,
    @Inject(RECONCILER_SETTINGS) private readonly settings: ReconcilerSettings,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    const labels = platformLabels(this.settings.platform);
    const kinds = [...OWNED_KINDS, ...READ_KINDS];
    this.watching = kinds.map(({ kind }) => this.gateway.watch({ kind, labels }, (hint) => this.note(hint)));
    this.jobs.register({ name: 'reconciler-hints', everyMs: EVERY_MS, run: () => this.pass() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(this.watching.map((each) => each.stop()));
  }

  private note({ ref, labels }: ClusterHint): void {
    const homeId = labels[LABELS.home] ?? '';
    if (ref === null) this.isPassWanted = true;
    else if (UUID.test(homeId) && this.homeIds.size < HOMES_MAX) this.homeIds.add(homeId);
  }

  private async pass(): Promise<void> {
    const homeIds = [...this.homeIds];
    this.homeIds.clear();
    await this.homes.wake(homeIds, 'hint', this.clock.now());
    const { agoMs } = this.passes;
    if (!this.isPassWanted || agoMs === null || agoMs < PASS_REST_MS) return;
    this.isPassWanted = false;
    this.logger.debug('a watch started over');
    await this.passes.run();
  }
}
