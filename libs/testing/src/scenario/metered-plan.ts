import { studioPlan } from './studio.js';

export const meteredMeters = ['droplet_hours', 'requests', 'egress_gb', 'builds', 'mails', 'tokens'];

/** A plan with six meters, of three kinds of price. */
export const meteredPlan = {
  ...studioPlan,
  code: 'metered',
  name: 'Metered',
  version: {
    ...studioPlan.version,
    modules: [],
    meters: [
      { meter: 'droplet_hours', included: '100', price: { kind: 'per_unit', unitPrice: '0.01' } },
      { meter: 'requests', included: '0', price: { kind: 'per_unit', unitPrice: '0.0035' } },
      { meter: 'egress_gb', included: '50', price: { kind: 'per_unit', unitPrice: '0.12' } },
      { meter: 'builds', included: '10', price: { kind: 'per_unit', unitPrice: '0.333333' } },
      { meter: 'mails', included: '0', price: { kind: 'package', size: '1000', packagePrice: '2.00' } },
      {
        meter: 'tokens',
        included: '0',
        price: {
          kind: 'graduated',
          tiers: [
            { upTo: '100', unitPrice: '0.10' },
            { upTo: '1000', unitPrice: '0.08' },
            { upTo: null, unitPrice: '0.05' },
          ],
        },
      },
    ],
  },
};
