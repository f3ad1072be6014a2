import {
  allocateLargestRemainder,
  decimal,
  decimalToString,
  money,
  moneyToDecimal,
  moneyToJson,
  multiplyDecimal,
  type Currency,
  type Money,
} from '@biplane/kernel';
import type { Line } from './bill.js';
import { exactMoney, roundedProduct } from './component.js';
import type { TenantDiscounts } from './input.js';

/**
 * The tenant's own discounts over all of its lines but setup fees: the amount, then the percentage of what is left, never
 * below zero. Their sum is split over the lines above zero by largest remainder; a line below zero lowers what is
 * discounted and takes no share. One line for each line that is lowered.
 */
export function discountLines(lines: readonly Line[], discounts: TenantDiscounts, currency: Currency): readonly Line[] {
  const discounted = lines.filter(({ kind }) => kind !== 'setup');
  // Not below zero: only a maximum makes a line negative, and no maximum is.
  const base = sumMinor(discounted);
  const { total, text } = totalOf(discounts, base, currency);
  const lowered = discounted.filter(({ amount }) => amount.minor > 0n);
  const parts = allocateLargestRemainder(
    total,
    lowered.map(({ amount }) => amount.minor),
  );
  return lowered.flatMap((line, index) => {
    const part = parts[index]!;
    return part === 0n ? [] : [discountLine(line, money(-part, currency), text)];
  });
}

function totalOf(
  { amount, percent }: TenantDiscounts,
  base: bigint,
  currency: Currency,
): { readonly total: bigint; readonly text: string } {
  const texts: string[] = [];
  let left = base;
  if (amount) {
    const off = exactMoney(amount.amount, currency);
    texts.push(`${said(off)}${reason(amount.description)}`);
    left -= off.minor < left ? off.minor : left;
  }
  if (percent) {
    const rest = money(left, currency);
    const rate = decimalToString(multiplyDecimal(percent.rate, decimal(100n)));
    texts.push(`${rate} % of ${said(rest)}${reason(percent.description)}`);
    left -= roundedProduct(percent.rate, moneyToDecimal(rest), currency).minor;
  }
  const total = base - left;
  return { total, text: `${texts.join(' and ')}: ${said(money(total, currency))} over all lines, by their amounts` };
}

function discountLine(line: Line, amount: Money, text: string): Line {
  return {
    // A line that is lowered has a deployment, which is the first segment of its identity.
    id: line.id.replace('/', '/discount/'),
    kind: 'discount',
    deployment: line.deployment,
    resourceKind: line.resourceKind,
    description: `Discount: ${line.description}`,
    quantity: decimal(1n),
    unitPrice: null,
    amount,
    period: line.period,
    explanation: [{ text, quantity: null, amount }],
  };
}

function sumMinor(lines: readonly Line[]): bigint {
  return lines.reduce((sum, { amount }) => sum + amount.minor, 0n);
}

function reason(description: string | undefined): string {
  return description === undefined ? '' : ` (${description})`;
}

function said(amount: Money): string {
  return `${moneyToJson(amount).amount} ${amount.currency}`;
}
