export { BillingModule } from './billing.module.js';
export { MonthlyBillingService, type MonthlyBill } from './monthly-billing.service.js';
export type { HashedBillJson } from './bill.js';
export { BillDto, BillPeriodDto } from './bill.dto.js';
