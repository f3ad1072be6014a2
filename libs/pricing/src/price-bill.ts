import type { LocalDay } from '@biplane/billing-calendar';
import { addMoney, sumMoney, type Currency, type Money } from '@biplane/kernel';
import { chargeableTime, planStretchesOf } from './activity.js';
import { adjustmentLine } from './adjustment.js';
import type { Bill, Line } from './bill.js';
import { addons } from './charges/add-ons.js';
import { baseFee } from './charges/base-fee.js';
import type { Charge } from './charges/charge.js';
import { moduleDays } from './charges/module-days.js';
import { overage } from './charges/overage.js';
import { planBounds } from './charges/plan-bounds.js';
import { setupFee } from './charges/setup-fee.js';
import type { BillInput, DeploymentInput } from './input.js';
import { daysOf } from './known-days.js';
import { isShown } from './line.js';
import { taxLine, taxRow } from './tax.js';
import { discountLines } from './tenant-discount.js';

/** The order of the lines of one deployment. To add a charge: write its file, and put its word in its place here. */
const BOUNDED_CHARGES: readonly Charge[] = [baseFee, addons, moduleDays, overage];
/** Outside the commitment and the maximum of the plan, behind their lines. */
const OTHER_CHARGES: readonly Charge[] = [setupFee];

/**
 * Prices a checked request; whatever could go wrong, `parseBillRequest` refused. The same input gives the same bill,
 * byte for byte: quote, monthly billing and invoice are this one computation.
 */
export function priceBill(input: BillInput): Bill {
  const { currency, period, discounts } = input;
  const days = daysOf(period, input.timeZone);
  const charges = input.deployments.flatMap((deployment) => deploymentLines(deployment, input, days));
  const lowered = discounts ? discountLines(charges, discounts, currency) : [];
  const charged = [...charges, ...lowered, ...input.adjustments.map(adjustmentLine)].filter(isShown);
  const subtotal = sumOf(charged, currency);
  const taxes = input.taxes.map((tax) => ({ tax, row: taxRow(tax, subtotal) }));
  const taxLines = taxes.map(({ tax, row }) => taxLine(tax, row, period));
  return {
    currency,
    period,
    lines: [...charged, ...taxLines],
    subtotal,
    taxes: taxes.map(({ row }) => row),
    total: addMoney(subtotal, sumOf(taxLines, currency)),
  };
}

function deploymentLines(
  deployment: DeploymentInput,
  { currency, period }: BillInput,
  days: readonly LocalDay[],
): readonly Line[] {
  const chargeable = chargeableTime(deployment);
  const plans = planStretchesOf(deployment, chargeable, period, days);
  const context = { currency, period, days, chargeable, plans };
  const bounded = BOUNDED_CHARGES.flatMap((charge) => charge(deployment, context));
  return [
    ...bounded,
    ...planBounds(deployment, context, bounded),
    ...OTHER_CHARGES.flatMap((charge) => charge(deployment, context)),
  ];
}

function sumOf(lines: readonly Line[], currency: Currency): Money {
  return sumMoney(
    lines.map((line) => line.amount),
    currency,
  );
}
