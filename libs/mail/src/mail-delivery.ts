import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { CLOCK, IDS, Metrics, type Ids } from '@biplane/service-kit';
import { Counter } from 'prom-client';
import { nextMailAttemptAt } from './mail-schedule.js';
import type { SendOutcome } from './mailer.js';

/** A mail that this process holds until its lease ends: how it is sent, and where the end of the attempt is recorded. */
export interface HeldMail {
  /** This attempt included. */
  readonly attempts: number;
  send(): Promise<SendOutcome>;
  sent(at: Date): Promise<void>;
  /** To be tried again at `dueAt`; null: never. */
  failed(error: string, dueAt: Date | null): Promise<void>;
}

/** Hands mails over, and says of each how the attempt ended and when the next one is due. */
@Injectable()
export class MailDelivery {
  private readonly logger = new Logger('Mail');
  private readonly attempts: Counter<'result'>;

  constructor(
    @Inject(Metrics) { registry }: Metrics,
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

  /** All at once. What was not recorded is sent again under the same Message-ID, when its lease has ended. */
  async deliver(mails: readonly HeldMail[]): Promise<void> {
    const ends = await Promise.allSettled(mails.map((mail) => this.attempt(mail)));
    for (const end of ends) {
      if (end.status === 'rejected') this.logger.error({ err: end.reason as Error }, 'an attempt was not recorded');
    }
  }

  private async attempt(mail: HeldMail): Promise<void> {
    const outcome = await mail.send();
    this.attempts.inc({ result: outcome.sent ? 'SENT' : outcome.error });
    const now = this.clock.now();
    if (outcome.sent) return mail.sent(now);
    const random = (this.ids.random(1)[0] ?? 0) / 256;
    await mail.failed(outcome.error, outcome.permanent ? null : nextMailAttemptAt(mail.attempts, now, random));
  }
}
