import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, faultPoint, IDS, JobRunner, Metrics, UnitOfWork, type Ids } from '@biplane/service-kit';
import { Counter } from 'prom-client';
import { nextMailAttemptAt } from './mail-schedule.js';
import type { MailClaim } from './mail.js';
import { MailOutbox } from './mail-outbox.js';
import { MailStore } from './mail.store.js';
import { MAILER, type Mailer, type SendOutcome } from './mailer.js';
import { MAIL_FROM } from './mailer-of.js';

const EVERY_MS = 1_000;
/** At once in this process. */
const TAKE = 8;
/** Longer than eight mails to a slow server can take; what a killed process held is free again after it. */
const LEASE_MS = 120_000;

/** Sends what is due. A process that dies between the server's answer and its own mark sends again, under the same Message-ID. */
@Injectable()
export class MailSending implements OnModuleInit {
  private readonly logger = new Logger('Mail');
  private readonly attempts: Counter<'result'>;

  constructor(
    private readonly jobs: JobRunner,
    private readonly unitOfWork: UnitOfWork,
    private readonly store: MailStore,
    private readonly outbox: MailOutbox,
    { registry }: Metrics,
    @Inject(MAILER) private readonly mailer: Mailer,
    @Inject(MAIL_FROM) private readonly from: string,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {
    this.attempts = new Counter({
      name: 'mail_attempts_total',
      help: 'Attempts to hand a mail over, by how they ended',
      labelNames: ['result'],
      registers: [registry],
    });
  }

  onModuleInit(): void {
    this.jobs.register({ name: 'mail-sending', everyMs: EVERY_MS, run: (now) => this.run(now) });
  }

  private async run(now: Date): Promise<void> {
    const claims = await this.unitOfWork.run((tx) => this.store.claim(tx, now, TAKE, LEASE_MS));
    const ends = await Promise.allSettled(claims.map((claim) => this.deliver(claim)));
    for (const end of ends) {
      if (end.status === 'rejected') this.logger.error({ err: end.reason as Error }, 'an attempt was not recorded');
    }
  }

  private async deliver(claim: MailClaim): Promise<void> {
    faultPoint('mail.before_send');
    const outcome = await this.attempt(claim);
    faultPoint('mail.after_send');
    this.attempts.inc({ result: outcome.sent ? 'SENT' : outcome.error });
    const now = this.clock.now();
    if (outcome.sent) return this.unitOfWork.run((tx) => this.store.sent(tx, claim, now));
    const random = (this.ids.random(1)[0] ?? 0) / 256;
    const dueAt = outcome.permanent ? null : nextMailAttemptAt(claim.attempts, now, random);
    if (dueAt === null) this.logger.error({ mailId: claim.id, because: outcome.error }, 'a mail is given up');
    await this.unitOfWork.run((tx) => this.store.failed(tx, claim, outcome.error, dueAt));
  }

  private async attempt({ id, messageEncrypted, createdAt }: MailClaim): Promise<SendOutcome> {
    let content;
    try {
      content = this.outbox.opened(id, messageEncrypted);
    } catch {
      // Sealed with a key that is not held: it may be tomorrow.
      return { sent: false, error: 'UNREADABLE', permanent: false };
    }
    const { to, subject, text, attachments } = content;
    return this.mailer.send({
      messageId: `${id}@${this.from.slice(this.from.lastIndexOf('@') + 1)}`,
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
