import { Injectable, type OnModuleInit } from '@nestjs/common';
import { JobRunner, UnitOfWork } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { DeliveriesStore } from './deliveries.store.js';
import { EndpointsService } from './endpoints.service.js';

const EVERY_MS = 60_000;
const ROWS_MAX = 5_000;
/** What may wait for one endpoint: a receiver that is away for days must not fill the disk. */
const WAITING_MAX = 100_000;
const ACTOR = jobActor('webhook-upkeep');

/** What waits for a disabled endpoint ends with its time, and endpoints that cannot keep up are disabled. */
@Injectable()
export class WebhookUpkeep implements OnModuleInit {
  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveriesStore,
    private readonly endpoints: EndpointsService,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'webhook-upkeep', everyMs: EVERY_MS, run: (now) => this.run(now) });
  }

  private async run(now: Date): Promise<void> {
    const { deliveries, unitOfWork } = this;
    await unitOfWork.run((tx) => deliveries.expireOfDisabled(tx, now, ROWS_MAX));
    for (const id of await deliveries.overflowing(unitOfWork.reader, WAITING_MAX)) {
      await unitOfWork.run((tx) => this.endpoints.setState(tx, id, 'BACKLOG', ACTOR));
    }
  }
}
