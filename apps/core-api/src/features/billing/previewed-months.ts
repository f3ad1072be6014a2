import { Injectable, type OnModuleInit } from '@nestjs/common';
import { orThrow, parseTenantId } from '@biplane/kernel';
import { TenantBills } from '../subscriptions/index.js';
import { MonthlyBillingService } from './monthly-billing.service.js';

/** Tells the subscriptions what a month comes to, by the same computation as every bill. */
@Injectable()
export class PreviewedMonths implements OnModuleInit {
  constructor(
    private readonly bills: TenantBills,
    private readonly monthly: MonthlyBillingService,
  ) {}

  onModuleInit(): void {
    this.bills.computedBy((tx, tenantId, month) => this.monthly.billIn(tx, orThrow(parseTenantId(tenantId)), month));
  }
}
