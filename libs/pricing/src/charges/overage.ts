import { isZeroDecimal, type Currency } from '@biplane/kernel';
import type { Line } from '../bill.js';
import { remark, type Component } from '../component.js';
import type { MeterPricing, MeterUsage } from '../input.js';
import { lineOf } from '../line.js';
import type { PreparedPrice } from '../prices/price-kind.js';
import { preparePrice } from '../prices/registry.js';
import type { Charge, ChargeContext } from './charge.js';
import { pricedQuantity, priceTerms, quantityRemarks } from './meter-terms.js';

/** The usage of each meter above what the plan includes. Owed for inactive and suspended time too: it was used. */
export const overage: Charge = ({ ref, usage }, context) =>
  usage.flatMap((metered) => meterOverage(metered, ref, context) ?? []);

function meterOverage({ meter, used, licenseVersions }: MeterUsage, ref: string, context: ChargeContext): Line | null {
  const { currency, chargeable, period } = context;
  const isIdle = chargeable.length === 0;
  const quantity = pricedQuantity(meter, used);
  const price = preparedPriceOf(meter, currency);
  // A flat part is due at zero too, but not without an active instant.
  const isPriced = !(isIdle && isZeroDecimal(quantity));
  const minor = isPriced ? price.minorOf(quantity) : 0n;
  if (minor === 0n && isZeroDecimal(quantity) && !meter.minimum) return null;
  return lineOf(
    {
      kind: 'overage',
      subject: meter.meter,
      deployment: ref,
      resourceKind: meter.meter,
      description: isZeroDecimal(meter.included) ? meter.name : `${meter.name}, above what is included`,
      quantity,
      unitPrice: price.unitPriceOf(quantity),
      explanation: [
        ...quantityRemarks(meter, used),
        ...(isPriced ? price.componentsOf(quantity) : []),
        ...priceTerms(meter, minor, currency, isIdle),
        ...allowedUnder(licenseVersions),
      ],
    },
    currency,
    period,
  );
}

// A roll-up prices the same plan for thousands of tenants.
const preparedPrices = new WeakMap<MeterPricing, { readonly currency: Currency; readonly price: PreparedPrice }>();

function preparedPriceOf(meter: MeterPricing, currency: Currency): PreparedPrice {
  const known = preparedPrices.get(meter);
  if (known?.currency === currency) return known.price;
  const price = preparePrice(meter.price, currency);
  preparedPrices.set(meter, { currency, price });
  return price;
}

function allowedUnder(versions: readonly number[]): readonly Component[] {
  return versions.length === 0 ? [] : [remark(`allowed under license version ${versions.join(', ')}`)];
}
