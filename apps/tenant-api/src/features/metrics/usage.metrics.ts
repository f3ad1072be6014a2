import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

@Injectable()
export class UsageMetrics {
  private readonly writes: Counter;
  private readonly bytes: Counter;
  private readonly adjustments: Counter;

  constructor(@Inject(Metrics) metrics: Metrics) {
    const registers = [metrics.registry];
    this.writes = new Counter({
      name: 'usage_writes_total',
      help: 'Submitted usage events by what became of them; failed: they could not be stored',
      labelNames: ['result'],
      registers,
    });
    this.bytes = new Counter({
      name: 'subscription_usage_bytes_total',
      help: 'Bytes of usage bodies accepted',
      registers,
    });
    this.adjustments = new Counter({
      name: 'usage_adjustments_total',
      help: 'Totals and counters that a recount set right',
      labelNames: ['subject'],
      registers,
    });
  }

  adjusted(subject: 'window' | 'counter'): void {
    this.adjustments.inc({ subject });
  }

  took(
    tally: { readonly accepted: number; readonly duplicates: number; readonly rejected: number },
    bytes: number,
  ): void {
    this.writes.inc({ result: 'accepted' }, tally.accepted);
    this.writes.inc({ result: 'duplicate' }, tally.duplicates);
    this.writes.inc({ result: 'rejected' }, tally.rejected);
    this.bytes.inc(bytes);
  }

  /** The whole body, of this many events. */
  failed(events: number): void {
    this.writes.inc({ result: 'failed' }, events);
  }
}
