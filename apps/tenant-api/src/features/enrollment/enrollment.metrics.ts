import { Inject, Injectable } from '@nestjs/common';
import { Counter, Gauge } from 'prom-client';
import { Metrics } from '@biplane/service-kit';

@Injectable()
export class EnrollmentMetrics {
  private readonly enrollments: Counter;
  private readonly unconfined: Gauge;
  private readonly unconfinedHomes = new Set<string>();

  constructor(@Inject(Metrics) metrics: Metrics) {
    const registers = [metrics.registry];
    this.enrollments = new Counter({
      name: 'home_enrollments_total',
      help: 'Enrollments of dedicated homes by what became of them',
      labelNames: ['outcome'],
      registers,
    });
    this.unconfined = new Gauge({
      name: 'homes_redis_unconfined',
      help: "Dedicated homes that got the region's own Redis login since the start: its server makes no users",
      registers,
    });
  }

  enrolled(outcome: string): void {
    this.enrollments.inc({ outcome });
  }

  redisUnconfined(homeId: string): void {
    this.unconfinedHomes.add(homeId);
    this.unconfined.set(this.unconfinedHomes.size);
  }
}
