import { Module } from '@nestjs/common';
import { Papers } from '@biplane/invoice-pdf';
import { DeploymentsModule } from '../deployments/index.js';
import { InvoicesModule } from '../invoices/index.js';
import { InvoicePdfsController } from './invoice-pdfs.controller.js';
import { InvoicePdfJobs } from './invoice-pdfs.jobs.js';
import { InvoicePdfs } from './invoice-pdfs.service.js';
import { InvoicePdfsStore } from './invoice-pdfs.store.js';

@Module({
  imports: [InvoicesModule, DeploymentsModule],
  controllers: [InvoicePdfsController],
  providers: [InvoicePdfs, InvoicePdfsStore, InvoicePdfJobs, Papers],
  exports: [InvoicePdfs],
})
export class InvoicePdfsModule {}
