import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import type { ConsumedBatch } from '@biplane/messaging';
import { Public, UnitOfWork } from '@biplane/service-kit';
import { AppliedService } from './applied.service.js';

const TOPIC = /^license\.applied\.(.+)$/;

/** `license.applied.<region>`, a batch of one partition in one transaction. */
@Controller()
@Public('records of a topic: the broker’s users and access rules stand in front')
export class AppliedConsumer {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly applied: AppliedService,
  ) {}

  @EventPattern('license.applied')
  async consume(@Payload() batch: ConsumedBatch): Promise<void> {
    const region = TOPIC.exec(batch.topic)?.[1];
    if (region === undefined) throw new Error(`${batch.topic} is no topic of license reports`);
    await this.unitOfWork.run(async (tx) => {
      for (const record of batch.records) {
        const { payload, key } = record;
        if (payload.name === 'LicenseApplied') await this.applied.receiveApplied(tx, payload.data, { region, key });
        else if (payload.name === 'InstanceStatus') await this.applied.receiveStatus(tx, payload.data, { region, key });
        else if (payload.name === 'MoveReport') await this.applied.receiveMove(tx, payload.data, { region, key });
        else batch.reject(record, `RECORD.UNEXPECTED: ${payload.name} is not handled on ${batch.topic}`);
      }
    });
  }
}
