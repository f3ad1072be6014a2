import type { Mailer, SendOutcome } from '../mailer.js';

/** Without MAIL_URL nothing leaves, and each mail says so in the end: nothing waits for years and is sent then. */
export class NoMailer implements Mailer {
  send(): Promise<SendOutcome> {
    return Promise.resolve({ sent: false, error: 'MAIL_URL_UNSET', permanent: true });
  }
}
