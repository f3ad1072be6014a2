import { currencyExponent, decimalToString, moneyToJson, type MoneyJson } from '@biplane/kernel';
import type { Bill, Line, LineKind } from './bill.js';

/** The answer of `POST /quotes`, less `inputHash`: hashing is not for pure code, see `canonicalInput`. */
export interface BillJson {
  readonly lines: readonly LineJson[];
  readonly subtotal: MoneyJson;
  readonly taxes: readonly {
    readonly code: string;
    readonly rate: string;
    readonly base: MoneyJson;
    readonly amount: MoneyJson;
  }[];
  readonly total: MoneyJson;
}

export interface LineJson {
  readonly id: string;
  readonly kind: LineKind;
  readonly deployment: string | null;
  readonly resourceKind: string;
  readonly description: string;
  readonly quantity: string;
  readonly unitPrice: string | null;
  readonly amount: MoneyJson;
  readonly period: { readonly from: string; readonly to: string };
  readonly explanation: readonly {
    readonly text: string;
    readonly quantity: string | null;
    readonly amount: MoneyJson | null;
  }[];
}

/** Rates are shown with two decimals at least, as people write them: "0.10", "0.081". */
const RATE_MIN_SCALE = 2;

export function toBillJson(bill: Bill): BillJson {
  return {
    lines: bill.lines.map((line) => toLineJson(line, currencyExponent(bill.currency))),
    subtotal: moneyToJson(bill.subtotal),
    taxes: bill.taxes.map(({ code, rate, base, amount }) => ({
      code,
      rate: decimalToString(rate, RATE_MIN_SCALE),
      base: moneyToJson(base),
      amount: moneyToJson(amount),
    })),
    total: moneyToJson(bill.total),
  };
}

/** A unit price is shown with the decimals of the currency at least: "7.50", "0.003". */
function toLineJson(line: Line, exponent: number): LineJson {
  return {
    id: line.id,
    kind: line.kind,
    deployment: line.deployment,
    resourceKind: line.resourceKind,
    description: line.description,
    quantity: decimalToString(line.quantity),
    unitPrice: line.unitPrice && decimalToString(line.unitPrice, exponent),
    amount: moneyToJson(line.amount),
    period: { from: line.period.from.toISOString(), to: line.period.to.toISOString() },
    explanation: line.explanation.map(({ text, quantity, amount }) => ({
      text,
      quantity: quantity && decimalToString(quantity),
      amount: amount && moneyToJson(amount),
    })),
  };
}
