import { Counter, Gauge, Registry } from 'prom-client';

export interface GateReading {
  licensesHeld(): number;
  waiting(): number;
  waitingSeconds(): number;
}

/** Into the registry that the service passes in; without one they are counted for nobody. */
export class GateMetrics {
  private readonly checks: Counter;
  private readonly denials: Counter;
  private readonly records: Counter;
  private readonly unanswered: Counter;

  constructor(private readonly registry: Registry = new Registry()) {
    const registers = [registry];
    this.checks = new Counter({
      name: 'subscription_checks_total',
      help: 'Decisions of the gate by outcome',
      labelNames: ['outcome', 'plane'],
      registers,
    });
    this.denials = new Counter({
      name: 'subscription_denials_total',
      help: 'Denials and delays of the gate by code',
      labelNames: ['code', 'plane'],
      registers,
    });
    this.records = new Counter({
      name: 'license_records_total',
      help: 'Records of the feed by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.unanswered = new Counter({
      name: 'license_counter_unanswered_total',
      help: 'Questions about a limit that the home did not answer in time',
      registers,
    });
  }

  /** Gauges are read when they are scraped. */
  observe(reading: GateReading): void {
    const gauge = (name: string, help: string, read: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(read());
        },
      });
    };
    gauge('licenses_held', 'Licenses held', () => reading.licensesHeld());
    gauge('licenses_waiting', 'Licenses kept aside for their key or their time', () => reading.waiting());
    gauge('licenses_waiting_seconds', 'For how long a license has been kept aside', () => reading.waitingSeconds());
  }

  received(outcome: string): void {
    this.records.inc({ outcome });
  }

  decided(outcome: string, isAllowed: boolean, code: string | null): void {
    this.checks.inc({ outcome, plane: 'data' });
    if (!isAllowed) this.denials.inc({ code: code ?? 'none', plane: 'data' });
  }

  noAnswer(): void {
    this.unanswered.inc();
  }
}
