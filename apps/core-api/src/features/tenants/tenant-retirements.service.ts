import { Injectable } from '@nestjs/common';
import { type Tx } from '@biplane/service-kit';
import { Audit, jobActor, type Actor } from '../audit/index.js';
import { DeploymentsService } from '../deployments/index.js';
import { TenantsService } from './tenants.service.js';
import { TenantsStore } from './tenants.store.js';

/** The end of a tenant, for the feature that retires deployments: `retiring` when it was asked for, `archived` with the last of them. */
@Injectable()
export class TenantRetirements {
  constructor(
    private readonly store: TenantsStore,
    private readonly tenants: TenantsService,
    private readonly deployments: DeploymentsService,
    private readonly audit: Audit,
  ) {}

  /** Held to the end of the transaction, so that no deployment is added meanwhile. Asked again, nothing changes. */
  async begin(tx: Tx, id: string, reason: string, actor: Actor): Promise<void> {
    const { state } = await this.tenants.hold(tx, id);
    if (state === 'retiring' || state === 'archived') return;
    await this.store.setState(tx, id, 'retiring');
    await this.record(tx, id, 'tenant.retirement_began', { from: state, to: 'retiring', reason, actor });
  }

  /** A tenant whose deployments were retired one by one stays: it was not asked to go. */
  async archiveIfOver(tx: Tx, id: string): Promise<void> {
    const { state } = await this.tenants.required(tx, id);
    if (state !== 'retiring') return;
    const deployments = await this.deployments.ofTenant(tx, id);
    if (deployments.some((deployment) => deployment.state !== 'archived')) return;
    if (!(await this.store.setState(tx, id, 'archived'))) return;
    const reason = 'its deployments are archived';
    await this.record(tx, id, 'tenant.archived', {
      from: state,
      to: 'archived',
      reason,
      actor: jobActor('retirement'),
    });
  }

  private async record(
    tx: Tx,
    tenantId: string,
    action: string,
    { from, to, reason, actor }: { from: string; to: string; reason: string; actor: Actor },
  ): Promise<void> {
    const object = { type: 'tenant', id: tenantId };
    await this.audit.record(tx, {
      actor,
      action,
      object,
      tenantId,
      before: { state: from },
      after: { state: to },
      reason,
    });
  }
}
