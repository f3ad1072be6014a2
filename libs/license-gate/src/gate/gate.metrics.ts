import { Counter, Gauge, Registry } from 'prom-client';

export interface GateReading {
  licensesHeld(): number;
  waiting(): number;
  waitingSeconds(): number;
}

/** Into the registry that the service passes in; without one they are counted for nobody. */
export class GateMetrics {
  /** Counted in plain numbers on the path of every request, and written into the registry when it is scraped. */
  private readonly outcomes = new Map<string, number>();
  private readonly codes = new Map<string, number>();
  private readonly records: Counter;
  private readonly unanswered: Counter;

  constructor(private readonly registry: Registry = new Registry()) {
    const registers = [registry];
    const { outcomes, codes } = this;
    new Counter({
      name: 'subscription_checks_total',
      help: 'Decisions of the gate by outcome',
      labelNames: ['outcome', 'plane'],
      registers,
      collect() {
        this.reset();
        for (const [outcome, count] of outcomes) this.inc({ outcome, plane: 'data' }, count);
      },
    });
    new Counter({
      name: 'subscription_denials_total',
      help: 'Denials and delays of the gate by code',
      labelNames: ['code', 'plane'],
      registers,
      collect() {
        this.reset();
        for (const [code, count] of codes) this.inc({ code, plane: 'data' }, count);
      },
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
    this.outcomes.set(outcome, (this.outcomes.get(outcome) ?? 0) + 1);
    if (isAllowed) return;
    const denial = code ?? 'none';
    this.codes.set(denial, (this.codes.get(denial) ?? 0) + 1);
  }

  noAnswer(): void {
    this.unanswered.inc();
  }
}
