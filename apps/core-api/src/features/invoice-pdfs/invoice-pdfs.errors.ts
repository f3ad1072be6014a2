import { declareErrors } from '@biplane/kernel';

export const InvoicePdfErrors = declareErrors('INVOICE_PDF', {
  UNREADABLE: {
    status: 503,
    title: 'The stored PDF cannot be opened',
    help: 'It was sealed with a field key that is not held, or its bytes were changed. Look whether FIELD_KEYS_FILE still holds every key that was ever current; the PDF is not made a second time.',
  },
});
