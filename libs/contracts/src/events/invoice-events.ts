import { boolean, integer, object, pattern } from '../schema/schema.js';
import { instant, sha256, uuid } from '../schema/scalars.js';
import { money, month, ofTenant, text } from './parts.js';

const invoice = {
  ...ofTenant,
  invoiceId: uuid,
  number: pattern('^[A-Z0-9]{1,16}-[0-9]{4}-[0-9]{6,12}$', 40, 'Number of the invoice'),
  period: month,
  total: money,
};

export const invoiceEvents = {
  'invoice.issued': object({
    ...invoice,
    issuedAt: instant,
    dueAt: instant,
    contentHash: sha256,
    /** True when hours of the month were still missing at its cut-off; the next invoice trues it up. */
    provisional: boolean,
  }),
  /** In full. A total of zero is paid as it is issued. */
  'invoice.paid': object({ ...invoice, paidAt: instant }),
  'invoice.voided': object({ ...invoice, voidedAt: instant, reason: text(2_000, 'Why, as given with the change') }),
  'invoice.reminder.sent': object({
    ...invoice,
    dueAt: instant,
    sentAt: instant,
    /** 1, 2, 3: the reminders at 7, 14 and 21 days. */
    reminder: integer(1, 9),
  }),
} as const;
