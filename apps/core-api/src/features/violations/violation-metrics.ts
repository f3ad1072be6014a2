import { Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import { Metrics, UnitOfWork, type Tx } from '@biplane/service-kit';
import type { Violation } from './violation.js';

@Injectable()
export class ViolationMetrics {
  private readonly violations: Counter;
  private readonly detection: Histogram;

  constructor(metrics: Metrics) {
    const registers = [metrics.registry];
    this.violations = new Counter({
      name: 'subscription_violations_total',
      help: 'Violations opened, by the severity that they were opened with',
      labelNames: ['severity'],
      registers,
    });
    this.detection = new Histogram({
      name: 'violation_detection_seconds',
      help: 'From the first time that a limit was met to its violation being stored, by core-api’s clock',
      labelNames: ['source'],
      buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600],
      registers,
    });
  }

  /** Counted when it is committed. What a person reports was detected by that person, and is not timed. */
  opened(tx: Tx, { severity, source, firstAt, detectedAt }: Violation): void {
    const seconds = Math.max(0, (detectedAt.getTime() - firstAt.getTime()) / 1000);
    UnitOfWork.afterCommit(tx, () => {
      this.violations.inc({ severity });
      if (source !== 'manual') this.detection.observe({ source }, seconds);
    });
  }
}
