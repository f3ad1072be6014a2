import { Inject, Injectable, Logger, type BeforeApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { LicenseClaims } from '@biplane/licensing';
import type { LimitPassed, Refused } from '@biplane/limits';
import type { Clock } from '@biplane/kernel';
import { CLOCK, IDS, JobRunner, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { LimitEngine } from '../limits/index.js';
import { RefusalTally, TALLY_MS, type Refusal } from './domain/refusal-tally.js';
import { LIMIT_RULES, type ViolationKind } from './domain/violation.js';
import type { ViolationReport } from './violation.js';
import { ViolationsService } from './violations.service.js';

/** Refusals that say something of a limit; the others say it of the license, or that nobody could answer. */
const KINDS: Readonly<Record<string, ViolationKind>> = {
  'LIMIT.REACHED': 'denied',
  'LIMIT.TOO_LARGE': 'denied',
  'LIMIT.QUEUE_FULL': 'denied',
  'LIMIT.THROTTLED': 'delayed',
  'LIMIT.QUEUED': 'delayed',
};

interface Met extends Pick<ViolationReport, 'reportId' | 'module' | 'meter' | 'used' | 'cap' | 'threshold'> {
  readonly license: LicenseClaims;
  readonly at: Date;
}

/**
 * What core-api itself refuses, and the thresholds that its own counts pass. A threshold and the first refusal of a limit within
 * a second are told in the transaction that records them; the other refusals of that second are added together afterwards, for a
 * row that each of them would lock lets only some hundreds a second pass.
 */
@Injectable()
export class OwnLimits implements OnModuleInit, BeforeApplicationShutdown {
  private readonly logger = new Logger('OwnLimits');
  private readonly tally = new RefusalTally();

  constructor(
    private readonly limits: LimitEngine,
    private readonly violations: ViolationsService,
    private readonly unitOfWork: UnitOfWork,
    private readonly jobs: JobRunner,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.limits.onRefused((tx, refused) => this.refused(tx, refused));
    this.limits.onPassed((tx, passed) => this.passed(tx, passed));
    this.jobs.register({ name: 'violations-own', everyMs: TALLY_MS, run: () => this.flush() });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush().catch((err: unknown) =>
      this.logger.error({ err }, 'refusals are missing from their violations'),
    );
  }

  /** Tells what was added up, one violation a transaction. */
  async flush(): Promise<void> {
    const reports = this.tally.take(performance.now());
    for (const [index, report] of reports.entries()) {
      try {
        await this.unitOfWork.run((tx) => this.take(tx, report));
      } catch (error) {
        for (const left of reports.slice(index)) this.tally.add(left);
        throw error;
      }
    }
  }

  private async refused(tx: Tx, { question, decision, at }: Refused): Promise<void> {
    const { license, action, meter } = question;
    const kind = KINDS[decision.code ?? ''];
    if (kind === undefined || license === null || meter === undefined) return;
    const [module = ''] = action.split(':');
    const figures = { used: decision.used ?? decision.limit, cap: decision.limit, threshold: null };
    const refusal = refusalOf(kind, { license, module, meter, at, reportId: decision.decisionId, ...figures });
    if (this.tally.isFirst(refusal, performance.now())) await this.take(tx, refusal);
    // Of a refusal that is rolled back nothing is told.
    else UnitOfWork.afterCommit(tx, () => this.tally.add(refusal));
  }

  private async passed(tx: Tx, { license, module, limit, share, used }: LimitPassed): Promise<void> {
    const kind = limit.strategy === 'overage_charge' && Number(share) >= 1 ? 'overage' : 'warned';
    const figures = { used, cap: limit.cap, threshold: share };
    const [at, reportId] = [this.clock.now(), this.ids.uuid()];
    await this.take(tx, refusalOf(kind, { license, module, meter: limit.meter, at, reportId, ...figures }));
  }

  private async take(tx: Tx, refusal: Refusal): Promise<void> {
    const periodStart = await this.violations.periodStart(tx, refusal.deploymentId, refusal.firstAt);
    await this.violations.take(tx, { ...refusal, periodStart });
  }
}

function refusalOf(kind: ViolationKind, { license, at, ...rest }: Met): Refusal {
  return {
    ...rest,
    tenantId: license.sub,
    deploymentId: license.deployment.id,
    kind,
    rule: LIMIT_RULES[kind],
    source: 'control',
    licenseVersion: license.version,
    count: 1,
    firstAt: at,
    lastAt: at,
  };
}
