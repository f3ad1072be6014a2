import type { Clock } from '@biplane/kernel';
import { Counter, Gauge, Registry } from 'prom-client';
import type { UsageClientStatus } from './usage-client.status.js';

export class UsageClientMetrics {
  private readonly events: Counter;
  private readonly refusals: Counter;
  private readonly failures: Counter;

  constructor(registry: Registry = new Registry(), status: () => UsageClientStatus, clock: Clock) {
    const registers = [registry];
    this.events = new Counter({
      name: 'usage_spool_sent_total',
      help: 'Events that the usage service answered, by result',
      labelNames: ['result'],
      registers,
    });
    this.refusals = new Counter({
      name: 'usage_spool_refused_total',
      help: 'Events that were not recorded, by code',
      labelNames: ['code'],
      registers,
    });
    this.failures = new Counter({
      name: 'usage_spool_failures_total',
      help: 'Batches that were not taken and are sent again',
      registers,
    });
    const gauge = (name: string, help: string, read: (present: UsageClientStatus) => number): void => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read(status()));
        },
      });
    };
    gauge('usage_spool_events', 'Events recorded and not acknowledged yet', ({ events }) => events);
    gauge('usage_spool_bytes', 'Bytes of the spool folder', ({ bytes }) => bytes);
    gauge('usage_spool_rejected', 'Rejected events in the spool folder', ({ rejected }) => rejected);
    gauge('usage_spool_oldest_seconds', 'Age of the oldest event that is not acknowledged', ({ oldestAt }) =>
      oldestAt ? Math.max(0, (clock.now().getTime() - Date.parse(oldestAt)) / 1000) : 0,
    );
  }

  sent(accepted: number, duplicates: number, rejected: number): void {
    this.events.inc({ result: 'accepted' }, accepted);
    this.events.inc({ result: 'duplicate' }, duplicates);
    this.events.inc({ result: 'rejected' }, rejected);
  }

  refused(code: string): void {
    this.refusals.inc({ code });
  }

  failed(): void {
    this.failures.inc();
  }
}
