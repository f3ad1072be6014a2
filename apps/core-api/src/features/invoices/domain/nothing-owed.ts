/** What is asked of a computed month to know whether there is anything to invoice. */
export interface ChargedMonth {
  /** What is to be credited of earlier months. */
  readonly decreases: readonly unknown[];
  readonly bill: { readonly lines: readonly { readonly kind: string }[] };
}

/**
 * Whether nothing was supplied in a month and nothing corrected: it has no line but its taxes, which are on nothing, and no document is
 * made of it. A bill leaves out lines of zero quantity and zero amount, so a trial has none, and neither has a month without an active day and
 * usage. What was supplied for 0.00, or charged and taken back by a discount, has its lines: that is an invoice of 0.00, which
 * is paid at once.
 */
export function owesNothing({ decreases, bill: { lines } }: ChargedMonth): boolean {
  return decreases.length === 0 && lines.every(({ kind }) => kind === 'tax');
}
