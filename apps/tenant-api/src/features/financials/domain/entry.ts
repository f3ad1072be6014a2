import { negateMoney, type Money } from '@biplane/kernel';

export const ENTRY_KINDS = ['charge', 'payment', 'refund', 'credit', 'adjustment'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

/** Which of the tenant's own accounts stands against the member's. */
export type Counterpart = 'revenue' | 'cash' | 'adjustments';

/** What an entry moves between a member's account and one of the tenant's. Positive: owed by the member. */
export interface Movement {
  /** To the member's account; the counterpart gets the same with the other sign, so that every entry sums to zero. */
  readonly member: Money;
  readonly counterpart: Counterpart;
}

const RULES: Readonly<Record<Exclude<EntryKind, 'adjustment'>, { owes: boolean; counterpart: Counterpart }>> = {
  charge: { owes: true, counterpart: 'revenue' },
  payment: { owes: false, counterpart: 'cash' },
  refund: { owes: true, counterpart: 'cash' },
  credit: { owes: false, counterpart: 'adjustments' },
};

/** The amount is above zero, but for an adjustment, which corrects in either direction. Anything else is a bug of the caller. */
export function movementOf(kind: EntryKind, amount: Money): Movement {
  if (amount.minor === 0n || (kind !== 'adjustment' && amount.minor < 0n)) {
    throw new RangeError(`A ${kind} of ${amount.minor} moves nothing that way`);
  }
  if (kind === 'adjustment') return { member: amount, counterpart: 'adjustments' };
  const { owes, counterpart } = RULES[kind];
  return { member: owes ? amount : negateMoney(amount), counterpart };
}

/** When an entry is booked: now, but never before what stands in the account already, nor in a period that was stated. */
export function bookingInstant(
  account: { readonly bookedThrough: Date; readonly statedThrough: Date | null },
  now: Date,
): Date {
  return new Date(Math.max(+now, +account.bookedThrough, +(account.statedThrough ?? 0)));
}
