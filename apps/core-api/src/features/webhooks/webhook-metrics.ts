import { Injectable } from '@nestjs/common';
import { Metrics } from '@biplane/service-kit';
import { Counter } from 'prom-client';

@Injectable()
export class WebhookMetrics {
  readonly attempts: Counter<'result'>;

  constructor({ registry }: Metrics) {
    this.attempts = new Counter({
      name: 'webhook_attempts_total',
      help: 'Attempts to deliver an event by webhook, by how they ended',
      labelNames: ['result'],
      registers: [registry],
    });
  }
}
