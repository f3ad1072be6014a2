import { Module } from '@nestjs/common';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { BillingModule } from '../billing/index.js';
import { BillingSettingsModule } from '../billing-settings/index.js';
import { TenantsModule } from '../tenants/index.js';
import { AccountsStore } from './accounts.store.js';
import { BalanceController } from './balance.controller.js';
import { Buyers } from './buyers.js';
import { CreditNotes } from './credit-notes.service.js';
import { CreditNotesStore } from './credit-notes.store.js';
import { DocumentSeriesStore } from './document-series.store.js';
import { DraftsStore } from './drafts.store.js';
import { InvoicedTenants } from './invoiced-tenants.js';
import { StoredInvoices } from './invoice-history.js';
import { InvoicedUsageStore } from './invoiced-usage.store.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';
import { InvoicesStore } from './invoices.store.js';
import { IssueInvoices } from './issue-invoices.js';
import { ISSUER, readIssuer } from './issuer.js';
import { LateDecreases } from './late-decreases.js';
import { OpenInvoices } from './open-invoices.js';
import { Payments } from './payments.service.js';
import { PaymentsStore } from './payments.store.js';
import { SettlementController } from './settlement.controller.js';
import { VoidInvoices } from './void-invoices.js';

@Module({
  imports: [BillingModule, BillingSettingsModule, TenantsModule],
  controllers: [InvoicesController, SettlementController, BalanceController],
  providers: [
    InvoicesStore,
    AccountsStore,
    DraftsStore,
    InvoicedUsageStore,
    DocumentSeriesStore,
    Buyers,
    InvoicesService,
    IssueInvoices,
    Payments,
    PaymentsStore,
    CreditNotes,
    CreditNotesStore,
    LateDecreases,
    VoidInvoices,
    OpenInvoices,
    InvoicedTenants,
    StoredInvoices,
    { provide: ISSUER, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => readIssuer(env.ISSUER_FILE) },
  ],
  exports: [InvoicesService, IssueInvoices, VoidInvoices, Payments, CreditNotes, OpenInvoices, InvoicedTenants],
})
export class InvoicesModule {}
