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
  RULE_UNSUPPORTED: {
    status: 422,
    title: 'The pricing rule is not supported yet',
    help: 'Leave the member out or null. A rule that cannot be priced is refused, never ignored.',
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
    help: 'Refs, tax codes, add-ons of a deployment and meters of a plan are unique.',
  },
});
