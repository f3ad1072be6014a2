/** A discount of the tenant itself, over all lines of its bill but setup. Local dates, half-open: from `to` on it no longer holds. */
export type OwnDiscount = OwnAmountDiscount | OwnPercentDiscount;

interface Dated {
  readonly description: string | null;
  readonly from: string;
  readonly to: string | null;
}

export interface OwnAmountDiscount extends Dated {
  readonly kind: 'amount';
  /** Decimal string in the tenant's currency. */
  readonly amount: string;
}

export interface OwnPercentDiscount extends Dated {
  readonly kind: 'percent';
  /** 0 to 1; `"0.10"` is ten percent. */
  readonly rate: string;
}

/** Those in force on a local date, in the order in which they are taken off: the amount, then the percentage. */
export function discountsOn(discounts: readonly OwnDiscount[], date: string): OwnDiscount[] {
  return discounts
    .filter(({ from, to }) => from <= date && (to === null || date < to))
    .sort((a, b) => (a.kind < b.kind ? -1 : 1));
}
