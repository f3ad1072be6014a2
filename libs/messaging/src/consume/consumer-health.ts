import type { Broker, ConsumerEvent } from '../port.js';

const STALLED_MS = 30_000;

/**
 * Liveness of a consumer: fails when it stands still although the broker answers, because then a restart may help.
 * An unreachable broker never fails it: a restart would only lose what the process still serves from memory.
 */
export class ConsumerHealth {
  private progressAt: number;
  /** Since when it stood still while the broker answered; a broker that came back gets the whole time again. */
  private answeringSince: number | null = null;

  constructor(
    private readonly broker: Pick<Broker, 'answers'>,
    private readonly stalledMs = STALLED_MS,
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {
    this.progressAt = monotonicMs();
  }

  observe(event: ConsumerEvent): void {
    if (event.kind === 'failed') return;
    this.progressAt = this.monotonicMs();
    this.answeringSince = null;
  }

  /** Throws with the reason when a restart would help. */
  async check(): Promise<void> {
    const stillMs = this.monotonicMs() - this.progressAt;
    if (stillMs < this.stalledMs / 2) return;
    if (!(await this.broker.answers())) {
      this.answeringSince = null;
      return;
    }
    this.answeringSince ??= this.monotonicMs();
    if (stillMs >= this.stalledMs && this.monotonicMs() - this.answeringSince >= this.stalledMs / 2) {
      throw new Error(`the consumer has stood still for ${Math.round(stillMs / 1000)} s while the broker answers`);
    }
  }
}
