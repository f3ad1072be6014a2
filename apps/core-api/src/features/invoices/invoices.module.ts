import { Module } from '@nestjs/common';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { BillingModule } from '../billing/index.js';
import { StoredInvoices } from './invoice-history.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';
import { InvoicesStore } from './invoices.store.js';
import { ISSUER, readIssuer } from './issuer.js';

@Module({
  imports: [BillingModule],
  controllers: [InvoicesController],
  providers: [
    InvoicesStore,
    InvoicesService,
    StoredInvoices,
    { provide: ISSUER, inject: [ENVIRONMENT], useFactory: (env: CoreEnvironment) => readIssuer(env.ISSUER_FILE) },
  ],
})
export class InvoicesModule {}
