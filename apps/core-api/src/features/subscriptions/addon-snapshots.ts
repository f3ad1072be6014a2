import { Inject, Injectable } from '@nestjs/common';
import { parseDecimal, RefusalError } from '@biplane/kernel';
import { IDS, type Ids, type Tx } from '@biplane/service-kit';
import { CatalogService } from '../catalog/index.js';
import type { AttachedAddon } from './subscription.js';
import { SubscriptionErrors } from './subscriptions.errors.js';

export interface WantedAddon {
  readonly code: string;
  /** Decimal string above zero. */
  readonly quantity: string;
}

/** What is sold now, kept as it is sold: what is charged never follows the catalog afterwards. */
@Injectable()
export class AddonSnapshots {
  constructor(
    private readonly catalog: CatalogService,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async take(tx: Tx, wanted: WantedAddon, of: { currency: string; attachedAt: Date }): Promise<AttachedAddon> {
    const units = this.units(wanted);
    const addon = await this.catalog.requiredAddon(tx, wanted.code);
    refuseOtherCurrency(`add-on "${addon.code}"`, addon.currency, of.currency);
    return {
      id: this.ids.uuid(),
      code: addon.code,
      name: addon.name,
      resourceKind: addon.resourceKind,
      priceKind: addon.price.kind,
      priceMinor: addon.priceMinor,
      currency: addon.currency,
      units,
      grants: addon.grants,
      attachedAt: of.attachedAt,
      detachedAt: null,
    };
  }

  /** As it was sold before, in another quantity. */
  again(sold: AttachedAddon, quantity: string, attachedAt: Date): AttachedAddon {
    const units = this.units({ code: sold.code, quantity });
    return { ...sold, id: this.ids.uuid(), units, attachedAt, detachedAt: null };
  }

  private units({ code, quantity }: WantedAddon): string {
    const units = parseDecimal(quantity);
    if (units.ok && units.value.coefficient > 0n) return quantity;
    throw new RefusalError(
      SubscriptionErrors.QUANTITY_INVALID({ detail: `The quantity of "${code.slice(0, 64)}" is not above zero` }),
    );
  }
}

export function refuseOtherCurrency(what: string, currency: string, tenants: string): void {
  if (currency === tenants) return;
  const detail = `The ${what} is in ${currency}, the tenant is billed in ${tenants}`;
  throw new RefusalError(SubscriptionErrors.CURRENCY_MISMATCH({ detail }));
}
