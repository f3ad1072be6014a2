import { decimal } from '@biplane/kernel';
import { lineOf } from '../line.js';
import type { Charge } from './charge.js';
import { prorate } from './prorated.js';

/** The fee of each plan of the period, for the share of it that is chargeable and its own. */
export const baseFee: Charge = ({ ref }, context) =>
  context.plans.map(({ code, name, plan, subject, chargeable, resolution }) =>
    lineOf(
      {
        kind: 'plan_base',
        subject,
        deployment: ref,
        resourceKind: code,
        description: `${name}, base fee`,
        ...prorate(plan.baseFee, decimal(1n), chargeable, resolution, context),
      },
      context.currency,
      context.period,
    ),
  );
