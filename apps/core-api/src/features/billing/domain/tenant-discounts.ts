import type { TenantDiscountRequest } from '@biplane/pricing';

/** A discount of the tenant's own, as its settings hold it. */
export type HeldDiscount = { readonly description: string | null } & (
  { readonly kind: 'amount'; readonly amount: string } | { readonly kind: 'percent'; readonly rate: string }
);

/** Those in force, as a bill asks for them. */
export function discountRequests(discounts: readonly HeldDiscount[]): TenantDiscountRequest[] {
  return discounts.map((discount) => {
    const said = discount.description === null ? {} : { description: discount.description };
    return discount.kind === 'amount'
      ? { kind: 'amount', amount: discount.amount, ...said }
      : { kind: 'percent', rate: discount.rate, ...said };
  });
}
