import { createHash } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import type { LicenseClaims } from '@biplane/licensing';
import { eventRecord, Outbox } from '@biplane/messaging';
import { CLOCK, IDS, type Ids, type Tx } from '@biplane/service-kit';
import { HOME, type HomeIdentity } from '../license/index.js';
import { appliedReport, reportText, type AppliedReport } from './domain/applied-report.js';
import { claimReport, findDatabase } from './tenancy.store.js';

/** Tells core-api what became of a license and its database: once for each change, in the transaction that changed it. */
@Injectable()
export class AppliedReporter {
  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async report(tx: Tx, license: LicenseClaims): Promise<void> {
    const row = await findDatabase(tx, license.deployment.id);
    if (!row) return;
    const report = appliedReport(license, row);
    const hash = createHash('sha256').update(reportText(report)).digest('hex');
    const { deploymentId, licenseVersion } = report;
    if (await claimReport(tx, { deploymentId, licenseVersion, hash })) await this.send(tx, report);
  }

  /** Of a change that somebody else has already claimed. */
  async send(tx: Tx, report: AppliedReport): Promise<void> {
    const at = this.clock.now();
    await this.outbox.add(
      tx,
      eventRecord('LicenseApplied', {
        topic: topics.applied(this.home.region),
        key: report.deploymentId,
        id: this.ids.uuid(),
        source: `home:${this.home.homeId}`,
        subject: report.deploymentId,
        time: at,
        data: { ...report, appliedAt: at.toISOString() },
      }),
    );
  }
}
