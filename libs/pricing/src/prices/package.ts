import { currencyExponent, decimal, decimalToString, money, type Decimal } from '@biplane/kernel';
import { exactMoney } from '../component.js';
import { at } from '../mistakes.js';
import { PricingErrors } from '../pricing.errors.js';
import type { MeterPriceKind } from './price-kind.js';

/** `{"kind":"package","size":"1000","packagePrice":"2.00"}`: every package that is begun costs the same. */
export interface PackagePrice {
  readonly kind: 'package';
  readonly size: Decimal;
  readonly packagePrice: Decimal;
}

export const packaged: MeterPriceKind<PackagePrice> = {
  kind: 'package',
  members: ['size', 'packagePrice'],
  parse: (request, { mistakes, pointer, currency }) => {
    const size = mistakes.optionalDecimal(at(pointer, 'size'), request['size']);
    if (size?.coefficient === 0n) {
      mistakes.note(at(pointer, 'size'), PricingErrors.INPUT_INVALID({ detail: 'A package holds more than nothing' }));
    }
    const packagePrice = mistakes.amount(at(pointer, 'packagePrice'), request['packagePrice'], currency);
    return size && { kind: 'package', size, packagePrice };
  },
  prepare: ({ size, packagePrice }, currency) => {
    const price = exactMoney(packagePrice, currency).minor;
    const priceText = `${decimalToString(packagePrice, currencyExponent(currency))} ${currency}`;
    return {
      minorOf: (quantity) => packagesOf(quantity, size) * price,
      componentsOf: (quantity) => {
        const packages = packagesOf(quantity, size);
        const text = `${packages} x ${priceText} for ${decimalToString(size)} each`;
        return [{ text, quantity: decimal(packages), amount: money(packages * price, currency) }];
      },
      unitPriceOf: () => null,
    };
  },
};

/** quantity / size, rounded up. */
function packagesOf(quantity: Decimal, size: Decimal): bigint {
  const scale = Math.max(quantity.scale, size.scale);
  const units = quantity.coefficient * 10n ** BigInt(scale - quantity.scale);
  const each = size.coefficient * 10n ** BigInt(scale - size.scale);
  return (units + each - 1n) / each;
}
