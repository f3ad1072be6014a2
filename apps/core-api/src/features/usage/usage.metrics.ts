import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

/** What this process tells of usage; the names are those that the sources and the alerts use. */
@Injectable()
export class UsageMetrics {
  private readonly writes: Counter;
  private readonly bytes: Counter;
  private readonly quarantined: Gauge;

  constructor(@Inject(Metrics) { registry }: Metrics) {
    const registers = [registry];
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
    this.quarantined = new Gauge({
      name: 'usage_quarantine_open_records',
      help: 'Quarantined records of which nobody has decided, by reason',
      labelNames: ['reason'],
      registers,
    });
  }

  took(tally: { readonly accepted: number; readonly duplicates: number; readonly rejected: number }, bytes: number) {
    this.writes.inc({ result: 'accepted' }, tally.accepted);
    this.writes.inc({ result: 'duplicate' }, tally.duplicates);
    this.writes.inc({ result: 'rejected' }, tally.rejected);
    if (tally.accepted > 0) this.bytes.inc(bytes);
  }

  /** The whole body, of this many events. */
  failed(events: number): void {
    this.writes.inc({ result: 'failed' }, events);
  }

  quarantine(open: readonly { readonly reason: string; readonly records: number }[]): void {
    this.quarantined.reset();
    for (const { reason, records } of open) this.quarantined.set({ reason }, records);
  }
}
