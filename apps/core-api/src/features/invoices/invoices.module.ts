import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/index.js';
import { BillingModule } from '../billing/index.js';
import { InvoicesController } from './invoices.controller.js';
import { InvoicesService } from './invoices.service.js';
import { InvoicesStore } from './invoices.store.js';

@Module({
  imports: [AuditModule, BillingModule],
  controllers: [InvoicesController],
  providers: [InvoicesStore, InvoicesService],
})
export class InvoicesModule {}
