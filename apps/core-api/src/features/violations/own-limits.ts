import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { LicenseClaims } from '@biplane/licensing';
import type { LimitPassed, Refused } from '@biplane/limits';
import type { Clock } from '@biplane/kernel';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { LimitEngine } from '../limits/index.js';
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

/** What core-api itself refuses, and the thresholds that its own counts pass: told in the transaction that records them. */
@Injectable()
export class OwnLimits implements OnModuleInit {
  constructor(
    private readonly limits: LimitEngine,
    private readonly violations: ViolationsService,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  onModuleInit(): void {
    this.limits.onRefused((tx, refused) => this.refused(tx, refused));
    this.limits.onPassed((tx, passed) => this.passed(tx, passed));
  }

  private async refused(tx: Tx, { question, decision, at }: Refused): Promise<void> {
    const { license, action, meter } = question;
    const kind = KINDS[decision.code ?? ''];
    if (kind === undefined || license === null || meter === undefined) return;
    const [module = ''] = action.split(':');
    const figures = { used: decision.used ?? decision.limit, cap: decision.limit, threshold: null };
    await this.take(tx, kind, { license, module, meter, at, reportId: decision.decisionId, ...figures });
  }

  private async passed(tx: Tx, { license, module, limit, share, used }: LimitPassed): Promise<void> {
    const kind = limit.strategy === 'overage_charge' && Number(share) >= 1 ? 'overage' : 'warned';
    const figures = { used, cap: limit.cap, threshold: share };
    await this.take(tx, kind, {
      license,
      module,
      meter: limit.meter,
      at: this.clock.now(),
      reportId: this.ids.uuid(),
      ...figures,
    });
  }

  private async take(tx: Tx, kind: ViolationKind, met: Met): Promise<void> {
    const { license, at, ...rest } = met;
    const deploymentId = license.deployment.id;
    await this.violations.take(tx, {
      ...rest,
      tenantId: license.sub,
      deploymentId,
      kind,
      rule: LIMIT_RULES[kind],
      source: 'control',
      periodStart: await this.violations.periodStart(tx, deploymentId, at),
      licenseVersion: license.version,
      count: 1,
      firstAt: at,
      lastAt: at,
    });
  }
}
