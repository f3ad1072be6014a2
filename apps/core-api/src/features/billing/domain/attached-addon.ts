import { currencyExponent, decimal, decimalToString, orThrow, parseCurrency } from '@biplane/kernel';
import type { AddonRequest } from '@biplane/pricing';

/** An add-on as it was snapshotted when it was attached. */
export interface AttachedAddonSnapshot {
  readonly code: string;
  readonly name: string;
  readonly resourceKind: string;
  readonly priceKind: string;
  readonly priceMinor: bigint;
  readonly currency: string;
  readonly units: string;
  readonly attachedAt: Date;
  readonly detachedAt: Date | null;
}

/** The snapshot as a bill asks for it: what was sold then, not what the catalog says today. */
export function addonRequest(addon: AttachedAddonSnapshot): AddonRequest {
  const exponent = currencyExponent(orThrow(parseCurrency(addon.currency)));
  const price = decimalToString(decimal(addon.priceMinor, exponent), exponent);
  return {
    code: addon.code,
    name: addon.name,
    resourceKind: addon.resourceKind,
    currency: addon.currency,
    quantity: addon.units,
    price: addon.priceKind === 'flat' ? { kind: 'flat', amount: price } : { kind: addon.priceKind, unitPrice: price },
    attached: [{ from: addon.attachedAt, to: addon.detachedAt }],
  };
}
