import { declareErrors } from '@biplane/kernel';

export const PricingErrors = declareErrors('PRICING', {
  INPUT_INVALID: {
    status: 422,
    title: 'The bill cannot be priced as it was asked for',
    help: 'Correct the fields that `errors` names; each has its own code.',
  },
  PERIOD_INVALID: {
    status: 422,
    title: 'The period cannot be priced',
    help: 'Send a period whose end is after its start and at most ten years later, and stretches that do not end before they start.',
  },
  KIND_UNSUPPORTED: {
    status: 422,
    title: 'The kind of price is not supported here',
    help: 'Use a kind that the detail names. Flat prices are for add-ons only.',
  },
  INTERVAL_UNSUPPORTED: {
    status: 422,
    title: 'Plans are billed by the month',
    help: 'Leave `interval` out or send "month".',
  },
  TIERS_INVALID: {
    status: 422,
    title: 'The tiers do not fit together',
    help: 'Send at least one tier; each `upTo` is above the one before it, and that of the last tier is null.',
  },
  BOUNDS_CROSSED: {
    status: 422,
    title: 'The minimum is above the maximum',
    help: 'Lower the minimum, raise the maximum, or leave one of them out.',
  },
  PLANS_INVALID: {
    status: 422,
    title: 'The plans of the period do not follow each other',
    help: 'Send `previousPlans` in the order in which they were in force, each `until` later than the one before it.',
  },
  CURRENCY_MISMATCH: {
    status: 422,
    title: 'The currencies differ',
    help: 'Use plans and add-ons in the currency of the bill.',
  },
  METER_NOT_IN_PLAN: {
    status: 422,
    title: 'The plan does not have the meter',
    help: 'Send usage only for meters of the plan version, or add the meter to a new version.',
  },
  MODULE_NOT_IN_PLAN: {
    status: 422,
    title: 'The plan does not have the module',
    help: 'Name only modules of the plan version.',
  },
  NOT_UNIQUE: {
    status: 422,
    title: 'The name is used twice',
    help: 'Refs, tax codes, attachments of a deployment, modules and meters of a plan, and kinds of discount are unique.',
  },
});
