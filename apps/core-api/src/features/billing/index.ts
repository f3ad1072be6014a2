export { BillingModule } from './billing.module.js';
export {
  MonthlyBillingService,
  TENANTS_MAX,
  type ComputedMonths,
  type MonthlyBill,
} from './monthly-billing.service.js';
export { InvoicedBills, type InvoiceHistory, type InvoicedMonth, type InvoicedUsage } from './invoiced-bills.js';
export { answeredBill, type HashedBillJson } from './bill.js';
export { BillDto, BillPeriodDto } from './bill.dto.js';
