import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

@Injectable()
export class LicenseMetrics {
  private readonly records: Counter;
  private readonly held: Gauge;
  private readonly checks: Counter;
  private readonly denials: Counter;

  constructor(@Inject(Metrics) metrics: Metrics) {
    const registers = [metrics.registry];
    this.records = new Counter({
      name: 'license_records_total',
      help: 'Records of the license topics by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.held = new Gauge({ name: 'licenses_held', help: 'Licenses placed at this home', registers });
    this.checks = new Counter({
      name: 'subscription_checks_total',
      help: 'Decisions of the gate by outcome',
      labelNames: ['outcome'],
      registers,
    });
    this.denials = new Counter({
      name: 'subscription_denials_total',
      help: 'Denials of the gate by code',
      labelNames: ['code'],
      registers,
    });
  }

  received(outcome: string): void {
    this.records.inc({ outcome });
  }

  holds(count: number): void {
    this.held.set(count);
  }

  decided(outcome: string, isAllowed: boolean, code: string | null): void {
    this.checks.inc({ outcome });
    if (!isAllowed) this.denials.inc({ code: code ?? 'none' });
  }
}
