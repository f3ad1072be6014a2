import { Counter, Gauge, type Registry } from 'prom-client';

/** What the relay tells. Metrics that exist only when a registry is given keep tests and tools free of one. */
export class RelayMetrics {
  private readonly pending: Gauge;
  private readonly oldest: Gauge;
  private readonly activeRelay: Gauge;
  private readonly records: Counter;
  private readonly failures: Counter;

  constructor(registry: Registry) {
    const registers = [registry];
    this.pending = new Gauge({ name: 'outbox_pending', help: 'Records that wait to be sent', registers });
    this.oldest = new Gauge({ name: 'outbox_lag_seconds', help: 'Age of the oldest record that waits', registers });
    this.activeRelay = new Gauge({ name: 'outbox_relay_active', help: '1 on the replica that sends', registers });
    this.failures = new Counter({ name: 'outbox_send_failures_total', help: 'Batches not acknowledged', registers });
    this.records = new Counter({
      name: 'outbox_records_total',
      help: 'Records sent, or left out because a newer one of their key was sent',
      labelNames: ['result'],
      registers,
    });
  }

  waiting({ rows, oldestSeconds }: { rows: number; oldestSeconds: number }): void {
    this.pending.set(rows);
    this.oldest.set(oldestSeconds);
  }

  sent(sent: number, superseded: number): void {
    this.records.inc({ result: 'sent' }, sent);
    this.records.inc({ result: 'superseded' }, superseded);
  }

  sendFailed(): void {
    this.failures.inc();
  }

  active(active: boolean): void {
    this.activeRelay.set(active ? 1 : 0);
  }
}

export type ConsumedResult = 'processed' | 'retried' | 'dead_lettered';

export class ConsumerMetrics {
  private readonly records: Counter;
  private readonly lag: Gauge;

  constructor(registry: Registry) {
    const registers = [registry];
    this.records = new Counter({
      name: 'kafka_consumed_records_total',
      help: 'Records by what became of them; a retried record counts at each try',
      labelNames: ['topic', 'result'],
      registers,
    });
    this.lag = new Gauge({
      name: 'kafka_consumer_lag_records',
      help: 'Records behind the newest one',
      labelNames: ['topic', 'partition'],
      registers,
    });
  }

  counted(topic: string, result: ConsumedResult, records: number): void {
    this.records.inc({ topic, result }, records);
  }

  behind(topic: string, partition: number, records: bigint): void {
    this.lag.set({ topic, partition: String(partition) }, Number(records));
  }
}
