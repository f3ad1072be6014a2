import { Injectable } from '@nestjs/common';
import type { Tx } from '@biplane/service-kit';
import { billedMonth, billedMonthAt, BillingSettings } from '../billing-settings/index.js';
import type { Subscription } from './subscription.js';

/** The months that a tenant is billed by. A subscription keeps its zone; when the tenant's changes, the two end at different instants. */
@Injectable()
export class BilledMonths {
  constructor(private readonly settings: BillingSettings) {}

  async present(tx: Tx, tenantId: string, now: Date): Promise<string> {
    const { zones } = await this.settings.one(tx, tenantId);
    return billedMonthAt(zones, now);
  }

  /** The one that holds now; of a subscription that begins later, the one in which it begins. */
  async of(
    tx: Tx,
    { tenantId, startedAt }: Pick<Subscription, 'tenantId' | 'startedAt'>,
    now: Date,
  ): Promise<{ readonly endsAt: Date }> {
    const { zones } = await this.settings.one(tx, tenantId);
    return { endsAt: billedMonth(zones, billedMonthAt(zones, startedAt > now ? startedAt : now)).to };
  }
}
