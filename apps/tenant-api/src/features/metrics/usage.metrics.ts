import { Inject, Injectable } from '@nestjs/common';
import { Counter } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

@Injectable()
export class UsageMetrics {
  private readonly events: Counter;
  private readonly bytes: Counter;
  private readonly adjustments: Counter;

  constructor(@Inject(Metrics) metrics: Metrics) {
    const registers = [metrics.registry];
    this.events = new Counter({
      name: 'subscription_usage_events_total',
      help: 'Submitted usage events by what became of them',
      labelNames: ['outcome'],
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
    this.events.inc({ outcome: 'accepted' }, tally.accepted);
    this.events.inc({ outcome: 'duplicate' }, tally.duplicates);
    this.events.inc({ outcome: 'rejected' }, tally.rejected);
    this.bytes.inc(bytes);
  }
}
