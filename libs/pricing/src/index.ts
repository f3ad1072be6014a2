export { PricingErrors } from './pricing.errors.js';
export type {
  AddonRequest,
  AdjustmentRequest,
  BillRequest,
  DeploymentRequest,
  MeterDiscountRequest,
  MeterRequest,
  PlanPricingRequest,
  PreviousPlanRequest,
  PriceRequest,
  TaxRequest,
  TenantDiscountRequest,
} from './request.js';
export type { BillInput, PlanPricing } from './input.js';
export { parseBillRequest } from './parse-request.js';
export { parsePlanPricing } from './parse-plan.js';
export { parseAddonPricing } from './parse-addon.js';
export { parseMeterPricing } from './parse-meter.js';
export type { PreparedPrice } from './prices/price-kind.js';
export { priceBill } from './price-bill.js';
export type { Bill, Line, LineKind, TaxRow } from './bill.js';
export { toBillJson, type BillJson, type LineJson } from './bill-json.js';
export { canonicalInput } from './canonical-input.js';
