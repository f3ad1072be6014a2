import { isZeroDecimal, maxDecimal, subtractDecimal, ZERO_DECIMAL } from '@biplane/kernel';
import type { Line } from '../bill.js';
import { remark, type Component } from '../component.js';
import type { MeterUsage } from '../input.js';
import { lineOf } from '../line.js';
import { componentsOf, unitPriceOf } from '../prices/registry.js';
import type { Charge, ChargeContext } from './charge.js';

/** The usage of each meter above what the plan includes. Owed for inactive and suspended time too: it was used. */
export const overage: Charge = ({ ref, usage }, context) => usage.map((metered) => meterOverage(metered, ref, context));

function meterOverage({ meter, used, licenseVersions }: MeterUsage, ref: string, context: ChargeContext): Line {
  const quantity = maxDecimal(subtractDecimal(used, meter.included), ZERO_DECIMAL);
  return lineOf(
    {
      kind: 'overage',
      subject: meter.meter,
      deployment: ref,
      resourceKind: meter.meter,
      description: isZeroDecimal(meter.included) ? meter.name : `${meter.name}, above what is included`,
      quantity,
      unitPrice: unitPriceOf(meter.price),
      explanation: [
        remark('used', used),
        remark('included', meter.included),
        ...componentsOf(meter.price, quantity, context.currency),
        ...allowedUnder(licenseVersions),
      ],
    },
    context.currency,
    context.period,
  );
}

function allowedUnder(versions: readonly number[]): readonly Component[] {
  return versions.length === 0 ? [] : [remark(`allowed under license version ${versions.join(', ')}`)];
}
