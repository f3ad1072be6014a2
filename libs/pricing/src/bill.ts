import type { Period } from '@biplane/billing-calendar';
import type { Currency, Decimal, Money } from '@biplane/kernel';
import type { Component } from './component.js';

export type LineKind =
  'plan_base' | 'addon' | 'module_days' | 'overage' | 'commitment' | 'discount' | 'setup' | 'adjustment' | 'tax';

/** One row of a bill. Its amount is the sum of its rounded components. */
export interface Line {
  /** The same for the same thing in every computation of a bill: deployment, kind, and what it is charged for. */
  readonly id: string;
  readonly kind: LineKind;
  /** Null on tax lines: taxes are on the whole bill. */
  readonly deployment: string | null;
  /**
   * Plan code, resource kind of the add-on, module, meter, or tax code; of an adjustment the meter that was used late; of a
   * commitment the plan code; of a discount what it lowers: that of the line, or the plan code for a maximum.
   */
  readonly resourceKind: string;
  readonly description: string;
  readonly quantity: Decimal;
  readonly unitPrice: Decimal | null;
  readonly amount: Money;
  /** In which it was owed: that of the bill, but for an adjustment. */
  readonly period: Period;
  readonly explanation: readonly Component[];
}

export interface TaxRow {
  readonly code: string;
  readonly rate: Decimal;
  readonly base: Money;
  readonly amount: Money;
}

export interface Bill {
  readonly currency: Currency;
  readonly period: Period;
  /** In the order of the deployments; then what late usage changes of earlier periods; tax lines last. */
  readonly lines: readonly Line[];
  /** The sum of all lines but taxes. */
  readonly subtotal: Money;
  readonly taxes: readonly TaxRow[];
  readonly total: Money;
}
