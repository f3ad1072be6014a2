import { intersect } from '@biplane/billing-calendar';
import { lineOf } from '../line.js';
import type { Charge } from './charge.js';
import { prorate } from './prorated.js';

/** Each add-on, for the share of the period during which it was attached and the deployment chargeable. */
export const addons: Charge = ({ addons: attachedAddons, plan, ref }, context) =>
  attachedAddons.map((addon) =>
    lineOf(
      {
        kind: 'addon',
        subject: [addon.code, addon.attachment ?? []].flat(),
        deployment: ref,
        resourceKind: addon.resourceKind,
        description: addon.name,
        ...prorate(
          addon.price.amount,
          addon.quantity,
          intersect(context.chargeable, addon.attached),
          plan.proration,
          context,
        ),
      },
      context.currency,
      context.period,
    ),
  );
