import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '@biplane/service-kit';
import { skippedTotal, type Tally } from './domain/tally.js';

@Injectable()
export class RollupMetrics {
  private readonly tenants: Counter;
  private readonly parked: Gauge;
  private readonly open: Gauge;
  private readonly overdue: Gauge;

  constructor(@Inject(Metrics) { registry }: Metrics) {
    const registers = [registry];
    this.tenants = new Counter({
      name: 'rollup_tenants_total',
      help: 'Tenants that roll-ups have decided of, by what became of them',
      labelNames: ['result'],
      registers,
    });
    this.parked = new Gauge({
      name: 'rollup_parked_tenants',
      help: 'Tenants of a month that could not be invoiced, and of which no later roll-up has decided',
      registers,
    });
    this.open = new Gauge({
      name: 'rollup_open_seconds',
      help: 'Age of the roll-up that has not ended; 0 while there is none',
      registers,
    });
    this.overdue = new Gauge({
      name: 'rollup_overdue_seconds',
      help: 'For how long the most overdue month has waited for its turn; 0 while none is due',
      registers,
    });
  }

  /** From one commit to the next. */
  settled(before: Tally, after: Tally): void {
    this.tenants.inc({ result: 'issued' }, after.issued - before.issued);
    this.tenants.inc({ result: 'parked' }, after.parked - before.parked);
    this.tenants.inc({ result: 'skipped' }, skippedTotal(after) - skippedTotal(before));
  }

  standing(parked: number, openSince: Date | null, dueSince: Date | null, now: Date): void {
    const age = (since: Date | null): number =>
      since === null ? 0 : Math.max(0, now.getTime() - since.getTime()) / 1000;
    this.parked.set(parked);
    this.open.set(age(openSince));
    this.overdue.set(age(dueSince));
  }
}
