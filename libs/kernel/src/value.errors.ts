import { declareErrors } from './error-declarations.js';

/** What the parsers of this library refuse. Callers that know the field put these under its pointer. */
export const ValueErrors = declareErrors('VALUE', {
  ID_INVALID: {
    status: 400,
    title: 'The identifier is malformed',
    help: 'Send the identifier exactly as the API returned it.',
  },
  CODE_INVALID: {
    status: 422,
    title: 'The code is malformed',
    help: 'Use lower-case letters and digits; words of a meter or module are joined by "_", those of a region by "-".',
  },
  DECIMAL_INVALID: {
    status: 422,
    title: 'The decimal is malformed',
    help: 'Send a decimal string such as "12.5": no exponent, no sign unless negative values are allowed, no spaces.',
  },
  DECIMAL_OUT_OF_RANGE: {
    status: 422,
    title: 'The decimal is out of range',
    help: 'Send fewer decimals or digits. Values are never rounded silently.',
  },
  CURRENCY_UNKNOWN: {
    status: 422,
    title: 'The currency is unknown',
    help: 'Send a current ISO 4217 code in capitals, such as "USD".',
  },
  MONEY_SCALE: {
    status: 422,
    title: 'The amount has more decimals than its currency',
    help: 'Send an amount with at most the decimals of the currency: 2 for USD, 0 for JPY, 3 for KWD.',
  },
});
