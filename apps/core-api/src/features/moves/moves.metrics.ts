import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { Metrics, UnitOfWork, type Tx } from '@biplane/service-kit';
import type { MoveTarget } from './move.js';

@Injectable()
export class MoveMetrics {
  private readonly pauses: Histogram;
  private readonly ended: Counter;

  constructor(metrics: Metrics) {
    const registers = [metrics.registry];
    this.pauses = new Histogram({
      name: 'move_write_pause_seconds',
      help: 'For how long a moved deployment could not be written: from the license that drains it to the new home serving',
      labelNames: ['to'],
      buckets: [1, 2, 5, 10, 15, 20, 30, 60, 120, 300],
      registers,
    });
    this.ended = new Counter({
      name: 'moves_total',
      help: 'Moves that ended, by where they led and how they ended',
      labelNames: ['to', 'result'],
      registers,
    });
  }

  paused(tx: Tx, to: MoveTarget, ms: number): void {
    UnitOfWork.afterCommit(tx, () => this.pauses.observe({ to }, ms / 1000));
  }

  endedAs(tx: Tx, to: MoveTarget, result: 'done' | 'rolled_back'): void {
    UnitOfWork.afterCommit(tx, () => this.ended.inc({ to, result }));
  }
}
