import { Inject, Injectable } from '@nestjs/common';
import type { Clock, InvoiceId } from '@biplane/kernel';
import { isMailAddress } from '@biplane/mail';
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import { Audit, jobActor } from '../audit/index.js';
import { BillingSettings } from '../billing-settings/index.js';
import { PlatformEvents } from '../events/index.js';
import { InvoicesService, type InvoiceJson } from '../invoices/index.js';
import { InvoicePdfs } from '../invoice-pdfs/index.js';
import { MailOutbox } from '../mail/index.js';
import { TenantsService } from '../tenants/index.js';
import { reminderDueAt, remindersDue, type ReminderDecision, type ReminderLevel } from './domain/overdue.js';
import { reminderMail } from './reminder-text.js';
import { RemindersStore, type Overdue, type Reminder } from './reminders.store.js';

const ACTOR = jobActor('reminders');

/** Decides and writes what one overdue invoice is reminded of: paper, mail, event and audit row in one transaction. */
@Injectable()
export class Reminders {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly store: RemindersStore,
    private readonly settings: BillingSettings,
    private readonly tenants: TenantsService,
    private readonly invoices: InvoicesService,
    private readonly pdfs: InvoicePdfs,
    private readonly mails: MailOutbox,
    private readonly audit: Audit,
    private readonly platformEvents: PlatformEvents,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  ofInvoice(reader: Tx, invoiceId: string): Promise<Reminder[]> {
    return this.store.ofInvoice(reader, invoiceId);
  }

  /** Under the lock of the tenant's account: whatever was paid or decided meanwhile is seen, and of two processes one reminds. */
  remind(overdue: Overdue): Promise<void> {
    return this.unitOfWork.run(async (tx) => {
      await this.store.lockAccount(tx, overdue.tenantId);
      const invoice = await this.invoices.get(tx, overdue.id as InvoiceId);
      if (invoice.status !== 'issued') return;
      const { autoReminders, email } = await this.settings.one(tx, overdue.tenantId);
      if (!autoReminders) return;
      const now = this.clock.now();
      const decided = (await this.store.ofInvoice(tx, overdue.id)).map(({ level }) => level);
      const decision = remindersDue(overdue.dueAt, decided, now);
      if (decision === null) return;
      const to = email ?? (await this.tenants.adminEmail(tx, overdue.tenantId));
      await this.decide(tx, { overdue, invoice, decision, now, to: to !== null && isMailAddress(to) ? to : null });
      faultPoint('reminder.before_commit');
    });
  }

  private async decide(tx: Tx, asked: Asked): Promise<void> {
    const { overdue, decision, now, to } = asked;
    const of = { invoiceId: overdue.id, tenantId: overdue.tenantId, decidedAt: now };
    const skipped = (level: ReminderLevel, skippedBecause: string): Reminder => ({
      ...of, level, state: 'skipped', skippedBecause, dueAt: reminderDueAt(overdue.dueAt, level), pdfSha256: null, mailId: null,
    }); // prettier-ignore
    const rows = decision.skip.map((level) => skipped(level, 'LATE'));
    if (to === null) rows.push(skipped(decision.send, 'NO_ADDRESS'));
    else rows.push(await this.send(tx, asked, to));
    await this.store.insert(tx, rows);
    await this.audit.record(tx, {
      actor: ACTOR,
      action: 'invoice.reminded',
      object: { type: 'invoice', id: overdue.id },
      tenantId: overdue.tenantId,
      after: rows.map(({ level, state, skippedBecause, pdfSha256 }) => ({ level, state, skippedBecause, pdfSha256 })),
    });
  }

  private async send(tx: Tx, { overdue, invoice, decision, now }: Asked, to: string): Promise<Reminder> {
    const { id: invoiceId, tenantId, dueAt } = overdue;
    const level = decision.send;
    const { number, total, billedMonth: period, settlement, issuer, buyer } = invoice;
    const pdf = await this.pdfs.reminder(tx, invoiceId, level, now);
    const said = { issuer: issuer.name, tenant: buyer.name, number, open: settlement.amountDue, dueAt, level };
    const mailId = await this.mails.add(tx, {
      key: `reminder:${invoiceId}:${level}`,
      kind: 'invoice.reminder',
      tenantId,
      to,
      ...reminderMail(said),
      attachments: [{ filename: pdf.fileName, contentType: 'application/pdf', content: pdf.bytes }],
    });
    if (mailId === null) throw new Error(`The reminder ${level} of ${number} was mailed before it was decided`);
    await this.platformEvents.emit(tx, {
      type: 'invoice.reminder.sent',
      tenantId,
      subject: invoiceId,
      time: now,
      data: {
        invoiceId,
        number,
        period,
        total,
        dueAt: dueAt.toISOString(),
        sentAt: now.toISOString(),
        reminder: level,
      },
    });
    const row = { invoiceId, level, tenantId, dueAt: reminderDueAt(dueAt, level), decidedAt: now };
    return { ...row, state: 'sent', skippedBecause: null, pdfSha256: pdf.sha256, mailId };
  }
}

interface Asked {
  readonly overdue: Overdue;
  readonly invoice: InvoiceJson;
  readonly decision: ReminderDecision;
  readonly now: Date;
  readonly to: string | null;
}
