import { Injectable } from '@nestjs/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import { Metrics, UnitOfWork, type Tx } from '@biplane/service-kit';
import { KEY_ALARMS, type KeyAlarm } from './domain/key-fitness.js';

@Injectable()
export class LicenseMetrics {
  private readonly issued: Counter;
  private readonly records: Counter;
  private readonly propagation: Histogram;
  private readonly planUpdate: Histogram;
  private readonly keyAlarms: Gauge;
  private readonly pending: Gauge;

  constructor(metrics: Metrics) {
    const registers = [metrics.registry];
    this.issued = new Counter({
      name: 'license_issued_total',
      help: 'Licenses signed, by cause',
      labelNames: ['cause'],
      registers,
    });
    this.records = new Counter({
      name: 'license_applied_records_total',
      help: 'Records about licenses from the homes, by what became of them',
      labelNames: ['type', 'result'],
      registers,
    });
    this.propagation = new Histogram({
      name: 'license_propagation_seconds',
      help: 'From the signing of a license to the last live instance of its home enforcing it, by core-api’s clock',
      labelNames: ['region'],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600],
      registers,
    });
    this.planUpdate = new Histogram({
      name: 'plan_update_seconds',
      help: 'From a plan change to the last live instance of the home enforcing it, by core-api’s clock',
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 180, 300, 3600],
      registers,
    });
    this.pending = new Gauge({
      name: 'license_propagation_pending_seconds',
      help: 'Age of the oldest present license that a live instance of its home does not enforce yet',
      labelNames: ['region'],
      registers,
    });
    this.keyAlarms = new Gauge({
      name: 'license_key_alarm',
      help: 'Whether someone has to act before a home is left without a license that it can verify',
      labelNames: ['alarm'],
      registers,
    });
  }

  observePlanUpdate(tx: Tx, millis: number): void {
    UnitOfWork.afterCommit(tx, () => this.planUpdate.observe(millis / 1000));
  }

  /** Regions in which nothing waits have no series. */
  setPending(regions: readonly { region: string; issuedAt: Date }[], now: Date): void {
    this.pending.reset();
    for (const { region, issuedAt } of regions) {
      this.pending.set({ region }, Math.max(0, now.getTime() - issuedAt.getTime()) / 1000);
    }
  }

  setKeyAlarms(raised: readonly KeyAlarm[]): void {
    for (const alarm of KEY_ALARMS) this.keyAlarms.set({ alarm }, raised.includes(alarm) ? 1 : 0);
  }

  /** Counted when it is committed: what was rolled back was not issued. */
  countIssued(tx: Tx, cause: string): void {
    UnitOfWork.afterCommit(tx, () => this.issued.inc({ cause }));
  }

  countRecord(tx: Tx, type: string, result: 'changed' | 'unchanged' | 'quarantined'): void {
    UnitOfWork.afterCommit(tx, () => this.records.inc({ type, result }));
  }

  observePropagation(tx: Tx, region: string, millis: number): void {
    UnitOfWork.afterCommit(tx, () => this.propagation.observe({ region }, millis / 1000));
  }
}
