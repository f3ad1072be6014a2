import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import {
  MAIL_FROM,
  MailDelivery,
  MAILER,
  messageIdOf,
  type HeldMail,
  type Mailer,
  type SendOutcome,
} from '@biplane/mail';
import { faultPoint, JobRunner, UnitOfWork } from '@biplane/service-kit';
import type { MailClaim } from './mail.js';
import { MailOutbox } from './mail-outbox.js';
import { MailStore } from './mail.store.js';

const EVERY_MS = 1_000;
/** At once in this process. */
const TAKE = 8;
/** Longer than eight mails to a slow server can take; what a killed process held is free again after it. */
const LEASE_MS = 120_000;

/** Sends what is due. A process that dies between the server's answer and its own mark sends again, under the same Message-ID. */
@Injectable()
export class MailSending implements OnModuleInit {
  private readonly logger = new Logger('Mail');

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: MailStore,
    private readonly outbox: MailOutbox,
    private readonly delivery: MailDelivery,
    @Inject(MAILER) private readonly mailer: Mailer,
    @Inject(MAIL_FROM) private readonly from: string,
  ) {}

  onModuleInit(): void {
    this.jobs.register({ name: 'mail-sending', everyMs: EVERY_MS, run: (now) => this.run(now) });
  }

  private async run(now: Date): Promise<void> {
    const claims = await this.unitOfWork.run((tx) => this.store.claim(tx, now, TAKE, LEASE_MS));
    await this.delivery.deliver(claims.map((claim) => this.held(claim)));
  }

  private held(claim: MailClaim): HeldMail {
    return {
      attempts: claim.attempts,
      send: async () => {
        faultPoint('mail.before_send');
        const outcome = await this.send(claim);
        faultPoint('mail.after_send');
        return outcome;
      },
      sent: (at) => this.unitOfWork.run((tx) => this.store.sent(tx, claim, at)),
      failed: (error, dueAt) => {
        if (dueAt === null) this.logger.error({ mailId: claim.id, because: error }, 'a mail is given up');
        return this.unitOfWork.run((tx) => this.store.failed(tx, claim, error, dueAt));
      },
    };
  }

  private async send({ id, messageEncrypted, createdAt }: MailClaim): Promise<SendOutcome> {
    let content;
    try {
      content = this.outbox.opened(id, messageEncrypted);
    } catch {
      // Sealed with a key that is not held: it may be tomorrow.
      return { sent: false, error: 'UNREADABLE', permanent: false };
    }
    const { to, subject, text, attachments } = content;
    return this.mailer.send({
      messageId: messageIdOf(id, this.from),
      from: this.from,
      to,
      subject,
      text,
      attachments: attachments.map(({ filename, contentType, base64 }) => {
        return { filename, contentType, content: Buffer.from(base64, 'base64') };
      }),
      date: createdAt,
    });
  }
}
