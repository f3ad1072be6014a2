import type { Decimal, Money } from '@biplane/kernel';

/**
 * One finished, rounded part of a line, and how it came about. Components without an amount only tell (the quantity
 * used, the license); the amounts of the others add up to the line.
 */
export interface Component {
  readonly text: string;
  readonly quantity: Decimal | null;
  readonly amount: Money | null;
}

export function remark(text: string, quantity: Decimal | null = null): Component {
  return { text, quantity, amount: null };
}
