import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { statementLetter } from '@biplane/invoice-pdf';
import type { Clock } from '@biplane/kernel';
import {
  headerText, isMailAddress, MAIL_FROM, MailDelivery, MAILER, messageIdOf, NoMailer, type HeldMail, type Mailer, type SendOutcome,
} from '@biplane/mail'; // prettier-ignore
import { CLOCK, faultPoint, UnitOfWork, type Tx } from '@biplane/service-kit';
import type { TenantHandle } from '../tenancy/index.js';
import { TenantVisits } from '../visits/index.js';
import {
  claimMails,
  insertMails,
  markFailed,
  markSent,
  nextMailDue,
  type StatementMailClaim,
} from './statement-mail.store.js';
import { StatementPapers, type SealedPapers } from './statement-papers.service.js';
import { findRecipient } from './statement-papers.store.js';

const KIND = 'statement_mail';
const REST_MS = 1_000;
/** What was hinted at and lost is sent within this. */
const AGAIN_MS = 3_600_000;
const TENANTS_AT_ONCE = 4;
/** Of one tenant, and how often in one visit: then others have their turn. */
const MAILS_AT_ONCE = 8;
const TURNS_MAX = 5;
/** Longer than eight mails to a slow server can take; what a killed process held is free again after it. */
const LEASE_MS = 60_000;

/** Sends statements to the members that they are for. A mail holds nothing that is said: all of it is taken when it is sent. */
@Injectable()
export class StatementMails implements OnModuleInit {
  private readonly logger = new Logger('StatementMail');

  constructor(
    @Inject(TenantVisits) private readonly visits: TenantVisits,
    @Inject(StatementPapers) private readonly papers: StatementPapers,
    @Inject(MailDelivery) private readonly delivery: MailDelivery,
    @Inject(MAILER) private readonly mailer: Mailer,
    @Inject(MAIL_FROM) private readonly from: string,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.visits.register({
      ...{ kind: KIND, everyMs: REST_MS, againMs: AGAIN_MS, atOnce: TENANTS_AT_ONCE },
      visit: (tenant, mayGoOn) => this.sendDue(tenant, mayGoOn),
    });
  }

  /** Those of members who have an address, under a letterhead: without one nobody would know whom it is from. */
  async mark(tx: Tx, deploymentId: string, { letterheadVersion, statements }: SealedPapers): Promise<void> {
    if (letterheadVersion === null) return;
    const ids = statements.filter(({ hasAddress }) => hasAddress).map(({ id }) => id);
    await insertMails(tx, ids, this.clock.now());
    if (ids.length > 0) this.hint(tx, deploymentId);
  }

  /** After the commit; a hint that is lost with its process is made up for within the hour. */
  hint(tx: Tx, deploymentId: string): void {
    const at = this.clock.now();
    UnitOfWork.afterCommit(tx, () => void this.visits.hint(KIND, deploymentId, at));
  }

  private async sendDue(tenant: TenantHandle, mayGoOn: () => boolean): Promise<Date | null> {
    for (let turn = 0; turn < TURNS_MAX && mayGoOn(); turn += 1) {
      const now = this.clock.now();
      const claims = await tenant.run((tx) => claimMails(tx, now, MAILS_AT_ONCE, LEASE_MS));
      await this.delivery.deliver(claims.map((claim) => this.held(tenant, claim)));
      if (claims.length < MAILS_AT_ONCE) break;
    }
    return tenant.read((reader) => nextMailDue(reader));
  }

  private held(tenant: TenantHandle, claim: StatementMailClaim): HeldMail {
    const about = { deploymentId: tenant.deploymentId, statementId: claim.id };
    return {
      attempts: claim.attempts,
      send: async () => {
        faultPoint('statement_mail.before_send');
        const outcome = await this.send(tenant, claim);
        faultPoint('statement_mail.after_send');
        return outcome;
      },
      sent: (at) => tenant.run((tx) => markSent(tx, claim, at)),
      failed: (error, dueAt) => {
        if (dueAt === null) this.logger.error({ ...about, because: error }, 'a statement is not sent');
        return tenant.run((tx) => markFailed(tx, claim, error, dueAt));
      },
    };
  }

  private async send(tenant: TenantHandle, { id, sending, createdAt }: StatementMailClaim): Promise<SendOutcome> {
    if (this.mailer instanceof NoMailer) return this.mailer.send();
    let email;
    let from;
    let content;
    try {
      ({ email } = await tenant.read((reader) => findRecipient(reader, id)));
      // Erased since: nobody is written to any more.
      if (email === null) return { sent: false, error: 'NO_RECIPIENT', permanent: true };
      if (!isMailAddress(email)) return { sent: false, error: 'ADDRESS_INVALID', permanent: true };
      from = await tenant.read((reader) => this.papers.drawnFrom(reader, id));
      content = await this.papers.draw(from);
    } catch (error) {
      // Whatever it is, it ends after as many attempts as a mail has, and says so.
      this.logger.error({ err: error, statementId: id }, 'a statement could not be drawn');
      return { sent: false, error: 'NOT_DRAWN', permanent: false };
    }
    const { subject, text } = statementLetter(from.printed, from.printed.sender?.name ?? '');
    return this.mailer.send({
      messageId: messageIdOf(`${id}.${sending}`, this.from),
      from: this.from,
      to: email,
      subject: headerText(subject),
      text,
      attachments: [{ filename: `statement-${id}.pdf`, contentType: 'application/pdf', content }],
      date: createdAt,
    });
  }
}
