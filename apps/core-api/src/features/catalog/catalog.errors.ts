import { declareErrors } from '@biplane/kernel';

export const CatalogErrors = declareErrors('CATALOG', {
  CODE_TAKEN: {
    status: 409,
    title: 'The code is taken',
    help: 'Codes are for ever: choose another one, or read what is there.',
  },
  PLAN_INVALID: {
    status: 422,
    title: 'The plan version breaks the rules of the catalog',
    help: 'Correct each field that `errors` names. Meters must be in the catalog first.',
  },
  ADDON_INVALID: {
    status: 422,
    title: 'The add-on breaks the rules of the catalog',
    help: 'Correct each field that `errors` names. Meters must be in the catalog first.',
  },
  TAX_INVALID: {
    status: 422,
    title: 'The tax breaks the rules of the catalog',
    help: 'Rates run from 0 to 1, and the dates of one tax of one country must not overlap.',
  },
  PLAN_NOT_FOUND: { status: 404, title: 'There is no such plan', help: 'GET /subscription/plans lists them.' },
  VERSION_NOT_FOUND: {
    status: 404,
    title: 'There is no such plan version',
    help: 'GET /subscription/plans/{code} lists its versions.',
  },
  VERSION_PUBLISHED: {
    status: 422,
    title: 'The plan version is published and immutable',
    help: 'Make a new version with POST /subscription/plans/{code}/versions.',
  },
  DRAFT_EXISTS: {
    status: 409,
    title: 'The plan has a draft already',
    help: 'Publish the draft that the detail names before making another.',
  },
  PLAN_UNKNOWN: {
    status: 422,
    title: 'The plan cannot be subscribed to',
    help: 'Name a plan that has a published version.',
  },
  ADDON_UNKNOWN: { status: 422, title: 'The add-on is not in the catalog', help: 'GET /catalog/addons lists them.' },
});
