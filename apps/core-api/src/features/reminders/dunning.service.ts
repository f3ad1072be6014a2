import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { jobActor } from '../audit/index.js';
import { BillingSettings } from '../billing-settings/index.js';
import { DeploymentLifecycle, DeploymentsService, Suspensions } from '../deployments/index.js';
import { PlatformEvents, type EmittedEvent } from '../events/index.js';
import { dunningTarget } from './domain/overdue.js';
import { RemindersStore } from './reminders.store.js';

const ACTOR = jobActor('dunning');

/** What an unpaid invoice does to the deployments of its tenant, and how paying undoes it. */
@Injectable()
export class Dunning implements OnModuleInit {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RemindersStore,
    private readonly settings: BillingSettings,
    private readonly deployments: DeploymentsService,
    private readonly lifecycle: DeploymentLifecycle,
    private readonly suspensions: Suspensions,
    private readonly events: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.events.addSink((tx, events) => this.settle(tx, events));
  }

  /** Every deployment that no operator holds goes where the oldest unpaid invoice asks; again it changes nothing. */
  enforce(tenantId: string): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      await this.store.lockAccount(tx, tenantId);
      const now = this.clock.now();
      const oldest = await this.store.oldestDueAt(tx, tenantId, now);
      const to = oldest && dunningTarget(oldest, now);
      if (oldest === null || to === null || !(await this.settings.one(tx, tenantId)).autoReminders) return;
      const reason = `An invoice that was due on ${oldest.toISOString().slice(0, 10)} is unpaid`;
      for (const { id } of await this.deployments.ofTenant(tx, tenantId)) {
        await this.lifecycle.transition(tx, { deploymentId: id, to, actor: ACTOR, reason, cause: 'dunning' });
      }
      faultPoint('dunning.before_commit');
    });
  }

  /** In the transaction of the payment, or of whatever else took away what was owed. */
  private async settle(tx: Tx, events: readonly EmittedEvent[]): Promise<void> {
    const tenantIds = events.flatMap(({ type, tenantId }) =>
      tenantId !== null && (type === 'invoice.paid' || type === 'invoice.voided') ? [tenantId] : [],
    );
    if (tenantIds.length === 0) return;
    const now = this.clock.now();
    const because = { reason: 'Nothing is overdue any more', actor: ACTOR, at: now };
    for (const id of await this.store.heldThoughSettled(tx, tenantIds, now))
      await this.suspensions.settle(tx, id, because);
  }
}
