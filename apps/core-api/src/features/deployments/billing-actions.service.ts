import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import type { Deployment } from './deployment.js';
import { DeploymentsService } from './deployments.service.js';

/** An operator's word that an unpaid invoice changes nothing of this deployment by itself. Reminders and bills go on. */
@Injectable()
export class BillingActions {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deployments: DeploymentsService,
    private readonly audit: Audit,
  ) {}

  /** Saying again what holds already says nothing new. */
  setSuspended(id: string, suspended: boolean, reason: string, actor: Actor): Promise<Deployment> {
    return this.unitOfWork.run(async (tx) => {
      await this.deployments.lock(tx, id);
      const { tenantId } = await this.deployments.required(tx, id);
      if (await this.deployments.setBillingActionSuspended(tx, id, suspended)) {
        await this.audit.record(tx, {
          actor,
          action: suspended ? 'deployment.billing_actions_suspended' : 'deployment.billing_actions_resumed',
          object: { type: 'deployment', id },
          tenantId,
          before: { billingActionSuspended: !suspended },
          after: { billingActionSuspended: suspended },
          reason,
        });
      }
      return this.deployments.required(tx, id);
    });
  }
}
