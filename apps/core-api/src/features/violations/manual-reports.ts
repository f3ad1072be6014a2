import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, principalMayServe, UnitOfWork, type Principal } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentErrors, DeploymentsService } from '../deployments/index.js';
import { LicenseService } from '../licenses/index.js';
import type { Violation } from './violation.js';
import { ViolationErrors } from './violations.errors.js';
import type { ViolationBody } from './violations.dto.js';
import { ViolationsService } from './violations.service.js';

const FUTURE_MS_MAX = 5 * 60_000;
const AGE_MS_MAX = 35 * 24 * 3_600_000;

/** What people and services report: recorded like what the gates meet, with who said so in the audit. */
@Injectable()
export class ManualReports {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deployments: DeploymentsService,
    private readonly licenses: LicenseService,
    private readonly violations: ViolationsService,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  take(body: ViolationBody, newId: string, principal: Principal, actor: Actor): Promise<Violation> {
    return this.unitOfWork.run(async (tx) => {
      const deployment = await this.deployments.required(tx, body.deploymentId);
      if (!principalMayServe(principal, deployment.tenantId)) {
        throw new RefusalError(DeploymentErrors.NOT_FOUND({ detail: `There is no deployment ${deployment.id}` }));
      }
      const at = this.instantOf(body.at);
      const { version } = await this.licenses.requiredHead(tx, deployment.id);
      const violation = await this.violations.take(tx, {
        reportId: body.id ?? newId,
        tenantId: deployment.tenantId,
        deploymentId: deployment.id,
        rule: body.rule,
        module: body.module ?? '',
        meter: body.meter ?? '',
        periodStart: await this.violations.periodStart(tx, deployment.id, at),
        kind: body.kind ?? null,
        severity: body.severity,
        used: body.used ?? null,
        cap: body.cap ?? null,
        threshold: null,
        licenseVersion: version,
        source: 'manual',
        detail: body.detail,
        count: 1,
        firstAt: at,
        lastAt: at,
      });
      const object = { type: 'violation', id: violation.id };
      const { rule, severity, count } = violation;
      const after = { rule, severity, count, deploymentId: deployment.id };
      const reason = body.detail ?? null;
      await this.audit.record(tx, {
        actor,
        action: 'violation.reported',
        object,
        tenantId: deployment.tenantId,
        after,
        reason,
      });
      return violation;
    });
  }

  private instantOf(text: string | undefined): Date {
    const now = this.clock.now();
    if (text === undefined) return now;
    const at = new Date(text);
    // 30 February has the shape of an instant and is none.
    const age = now.getTime() - at.getTime();
    if (Number.isNaN(age) || age > AGE_MS_MAX || age < -FUTURE_MS_MAX) {
      const detail = 'at must be within the last 35 days';
      throw new RefusalError(ViolationErrors.DATES_INVALID({ detail }));
    }
    return at;
  }
}
