import { Inject, Injectable } from '@nestjs/common';
import { RefusalError, type Clock } from '@biplane/kernel';
import { CLOCK, UnitOfWork } from '@biplane/service-kit';
import { Audit, type Actor } from '../audit/index.js';
import { DeploymentsService, Suspensions } from '../deployments/index.js';
import { TenantErrors } from './tenants.errors.js';
import { TenantsService } from './tenants.service.js';
import { TenantsStore } from './tenants.store.js';

/** A tenant that stops, with all its deployments, in one transaction. */
@Injectable()
export class TenantSuspensions {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: TenantsStore,
    private readonly tenants: TenantsService,
    private readonly deployments: DeploymentsService,
    private readonly suspensions: Suspensions,
    private readonly audit: Audit,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  suspend(id: string, reason: string, actor: Actor): Promise<void> {
    return this.set(id, 'suspended', reason, actor);
  }

  resume(id: string, reason: string, actor: Actor): Promise<void> {
    return this.set(id, 'active', reason, actor);
  }

  private set(id: string, state: 'suspended' | 'active', reason: string, actor: Actor): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      const before = await this.tenants.hold(tx, id);
      if (before.state === 'retiring' || before.state === 'archived') {
        throw new RefusalError(TenantErrors.RETIRED({ detail: `Tenant ${id} is ${before.state}` }));
      }
      if (!(await this.store.setState(tx, id, state))) return;
      const object = { type: 'tenant', id };
      const action = state === 'suspended' ? 'tenant.suspended' : 'tenant.resumed';
      const change = { before: { state: before.state }, after: { state }, reason };
      await this.audit.record(tx, { actor, action, object, tenantId: id, ...change });
      const because = { reason, actor, at: this.clock.now() };
      for (const deployment of await this.deployments.ofTenant(tx, id)) {
        if (state === 'suspended') await this.suspensions.suspend(tx, deployment.id, 'tenant', because);
        else await this.suspensions.resume(tx, deployment.id, 'tenant', because);
      }
    });
  }
}
