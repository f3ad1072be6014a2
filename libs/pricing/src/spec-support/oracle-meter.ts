import type { MeterDiscountRequest, MeterRequest, PriceRequest } from '../request.js';
import { fraction, isLess, minorUnits, minus, notBelowZero, times, whole, type Fraction } from './fraction.js';

interface OracleTier {
  readonly upTo: string | null;
  readonly unitPrice: string;
  readonly flatFee?: string;
}

/** What a meter comes to, in minor units, unit by unit as the money design says it; `isIdle` without an active instant. */
export function oracleMeter(
  meter: MeterRequest,
  used: string,
  decimals: number,
  isIdle: boolean,
): { readonly quantity: Fraction; readonly minor: bigint } {
  const discounts = (meter.discounts ?? []) as readonly MeterDiscountRequest[];
  let quantity = notBelowZero(minus(fraction(used), fraction(meter.included ?? '0')));
  for (const discount of discounts) {
    if (discount.kind === 'usage') quantity = notBelowZero(minus(quantity, fraction(discount.quantity)));
  }
  let minor = quantity.top === 0n && isIdle ? 0n : priceOf(meter.price, quantity, decimals);
  for (const discount of discounts) {
    if (discount.kind !== 'amount') continue;
    const off = minorUnits(fraction(discount.amount), decimals);
    minor = minor > off ? minor - off : 0n;
  }
  for (const discount of discounts) {
    if (discount.kind === 'percent')
      minor -= minorUnits(times(money(minor, decimals), fraction(discount.rate)), decimals);
  }
  if (meter.minimum && !isIdle) minor = larger(minor, minorUnits(fraction(meter.minimum), decimals));
  if (meter.maximum) minor = -larger(-minor, -minorUnits(fraction(meter.maximum), decimals));
  return { quantity, minor };
}

function priceOf(price: PriceRequest, quantity: Fraction, decimals: number): bigint {
  const text = (member: string) => price[member] as string;
  switch (price.kind) {
    case 'per_unit':
      return minorUnits(times(quantity, fraction(text('unitPrice'))), decimals);
    case 'percentage':
      return minorUnits(times(quantity, fraction(text('rate'))), decimals);
    case 'package':
      return packages(quantity, fraction(text('size'))) * minorUnits(fraction(text('packagePrice')), decimals);
    case 'graduated':
      return graduated(price['tiers'] as OracleTier[], quantity, decimals);
    case 'volume':
      return volume(price['tiers'] as OracleTier[], quantity, decimals);
    default:
      throw new Error(`The oracle does not know the price ${price.kind}`);
  }
}

/** Takes package after package off the quantity, in bundles so that it ends. */
function packages(quantity: Fraction, size: Fraction): bigint {
  let left = quantity;
  let count = 0n;
  for (let bundle = 10n ** 24n; bundle >= 1n; bundle /= 10n) {
    const taken = times(size, whole(bundle));
    while (!isLess(left, taken)) {
      left = { top: left.top * taken.bottom - taken.top * left.bottom, bottom: left.bottom * taken.bottom };
      count += bundle;
    }
  }
  return left.top > 0n ? count + 1n : count;
}

function graduated(tiers: readonly OracleTier[], quantity: Fraction, decimals: number): bigint {
  let below = whole(0n);
  let minor = 0n;
  tiers.forEach((tier, index) => {
    const isEntered = index === 0 || isLess(below, quantity);
    if (!isEntered) return;
    const isFull = tier.upTo !== null && isLess(fraction(tier.upTo), quantity);
    const inTier = minus(isFull ? fraction(tier.upTo as string) : quantity, below);
    minor += minorUnits(times(inTier, fraction(tier.unitPrice)), decimals);
    minor += minorUnits(fraction(tier.flatFee ?? '0'), decimals);
    if (tier.upTo !== null) below = fraction(tier.upTo);
  });
  return minor;
}

function volume(tiers: readonly OracleTier[], quantity: Fraction, decimals: number): bigint {
  const tier = tiers.find(({ upTo }) => upTo === null || !isLess(fraction(upTo), quantity))!;
  return (
    minorUnits(times(quantity, fraction(tier.unitPrice)), decimals) +
    minorUnits(fraction(tier.flatFee ?? '0'), decimals)
  );
}

export function money(minor: bigint, decimals: number): Fraction {
  return { top: minor, bottom: 10n ** BigInt(decimals) };
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
