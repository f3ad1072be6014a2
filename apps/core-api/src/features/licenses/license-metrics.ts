import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { Metrics, UnitOfWork, type Tx } from '@biplane/service-kit';

@Injectable()
export class LicenseMetrics {
  private readonly issued: Counter;
  private readonly records: Counter;
  private readonly propagation: Histogram;

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
