import { Inject, Injectable } from '@nestjs/common';
import { UsageIntake, type MeteredDeployment, type UsageAnswer } from '@biplane/metering';
import type { Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { TenantLicenseService } from '../license/index.js';
import type { MeteredLicenses } from './metrics.ports.js';
import { takeEvents } from './metrics.store.js';

/** Takes usage of the deployments that this home serves: what it answers as accepted is durable and counted, once. */
@Injectable()
export class MetricsService {
  private readonly intake: UsageIntake;

  constructor(
    @Inject(TenantLicenseService) private readonly licenses: MeteredLicenses,
    @Inject(UnitOfWork) unitOfWork: UnitOfWork,
    @Inject(CLOCK) clock: Clock,
  ) {
    this.intake = new UsageIntake({
      plane: 'data',
      unitOfWork,
      clock,
      deploymentsOf: async (subjects, tenantId) => this.licensesOf(subjects, tenantId),
      take: async (tx, readings, now) => (await takeEvents(tx, readings, now)).stored,
    });
  }

  /** `tenantId`: a submitter that is bound to one tenant; for it there are no other deployments. */
  accept(body: unknown, tenantId?: string): Promise<UsageAnswer> {
    return this.intake.accept(body, tenantId);
  }

  // Looked up once a batch: all its events are judged by one version of each license.
  private licensesOf(subjects: ReadonlySet<string>, tenantId: string | undefined): Map<string, MeteredDeployment> {
    const found = new Map<string, MeteredDeployment>();
    for (const subject of subjects) {
      const license = this.licenses.ownLicenseOf(subject);
      if (license && (tenantId === undefined || license.sub === tenantId)) found.set(subject, license);
    }
    return found;
  }
}
