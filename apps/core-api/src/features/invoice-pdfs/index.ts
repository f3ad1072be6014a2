export { InvoicePdfs, type StoredPdf } from './invoice-pdfs.service.js';
export { InvoicePdfsModule } from './invoice-pdfs.module.js';
