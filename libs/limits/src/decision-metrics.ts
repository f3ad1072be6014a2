import type { Decision, MeterAuthority } from '@biplane/licensing';
import type { Metrics } from '@biplane/service-kit';
import { Counter, Histogram } from 'prom-client';
import type { DecisionObserver } from './questions.js';

/** The metrics of decisions, by the names that the service levels use. */
export class DecisionMetrics implements DecisionObserver {
  private readonly checks: Counter;
  private readonly denials: Counter;
  private readonly seconds: Histogram;

  constructor(
    metrics: Metrics,
    private readonly plane: MeterAuthority,
  ) {
    const registers = [metrics.registry];
    this.checks = new Counter({
      name: 'subscription_checks_total',
      help: 'Decisions by outcome',
      labelNames: ['outcome', 'plane'],
      registers,
    });
    this.denials = new Counter({
      name: 'subscription_denials_total',
      help: 'Decisions that admit nothing, by code',
      labelNames: ['code', 'plane'],
      registers,
    });
    this.seconds = new Histogram({
      name: 'subscription_check_seconds',
      help: 'Time to a decision',
      labelNames: ['plane'],
      buckets: [0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5],
      registers,
    });
  }

  decided({ outcome, isAllowed, code }: Decision, seconds: number): void {
    const { plane } = this;
    this.checks.inc({ outcome, plane });
    if (!isAllowed) this.denials.inc({ code: code ?? 'none', plane });
    this.seconds.observe({ plane }, seconds);
  }
}
