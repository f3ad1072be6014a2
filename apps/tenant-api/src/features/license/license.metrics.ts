import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

@Injectable()
export class LicenseMetrics {
  private readonly records: Counter;
  private readonly held: Gauge;

  constructor(@Inject(Metrics) metrics: Metrics) {
    const registers = [metrics.registry];
    this.records = new Counter({
      name: 'license_records_total',
      help: 'Records of the license topics by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.held = new Gauge({ name: 'licenses_held', help: 'Licenses placed at this home', registers });
  }

  received(outcome: string): void {
    this.records.inc({ outcome });
  }

  holds(count: number): void {
    this.held.set(count);
  }
}
