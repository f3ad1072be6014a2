export type { Brand } from './brand.js';
export type { Clock } from './clock.js';
export type { Failure, FieldError } from './failure.js';
export { PROBLEM_MEDIA_TYPE, problemOf, problemType, type Problem } from './problem.js';
export { RefusalError } from './refusal-error.js';
export { err, ok, orThrow, type Result } from './result.js';
export {
  allErrorDeclarations,
  declareErrors,
  type DeclaredErrors,
  type ErrorDeclaration,
  type FailureFactory,
  type FailureInput,
} from './error-declarations.js';
export { ValueErrors } from './value.errors.js';
export { LOCALE_TAG } from './locale.js';
export { isUuid, uuidv7 } from './uuid.js';
export {
  parseDeploymentId,
  parseHomeId,
  parseInstanceId,
  parseInvoiceId,
  parseMeterCode,
  parseModuleCode,
  parseOperationId,
  parseRegionCode,
  parseSubscriptionId,
  parseTenantId,
  type DeploymentId,
  type HomeId,
  type InstanceId,
  type InvoiceId,
  type MeterCode,
  type ModuleCode,
  type OperationId,
  type RegionCode,
  type SubscriptionId,
  type TenantId,
} from './ids.js';
export {
  addDecimal,
  compareDecimal,
  decimal,
  decimalToString,
  isZeroDecimal,
  maxDecimal,
  multiplyDecimal,
  negateDecimal,
  parseDecimal,
  QUANTITY_MAX_DIGITS,
  QUANTITY_MAX_SCALE,
  subtractDecimal,
  ZERO_DECIMAL,
  type Decimal,
  type DecimalLimits,
} from './decimal.js';
export {
  addRational,
  compareRational,
  multiplyRational,
  ONE_RATIONAL,
  rational,
  rationalFromDecimal,
  rationalToString,
  ZERO_RATIONAL,
  type Rational,
} from './rational.js';
export { roundHalfAway } from './rounding.js';
export { currencyExponent, parseCurrency, type Currency } from './currency.js';
export {
  addMoney,
  compareMoney,
  money,
  moneyFromDecimal,
  moneyFromRational,
  moneyToDecimal,
  moneyToJson,
  negateMoney,
  parseMoney,
  subtractMoney,
  sumMoney,
  zeroMoney,
  type Money,
  type MoneyJson,
} from './money.js';
export { allocateLargestRemainder } from './allocation.js';
export { canonicalJson } from './canonical-json.js';
