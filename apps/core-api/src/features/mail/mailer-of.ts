import { readFileSync } from 'node:fs';
import type { CoreEnvironment } from '../../environment.js';
import { FileMailer } from './adapters/file-mailer.js';
import { NoMailer } from './adapters/no-mailer.js';
import { SmtpMailer } from './adapters/smtp-mailer.js';
import { parseMailCredentials, parseMailFrom, parseMailUrl } from './mail-settings.js';
import type { Mailer } from './mailer.js';

type MailEnvironment = Pick<CoreEnvironment, 'MAIL_URL' | 'MAIL_FROM' | 'MAIL_CREDENTIALS_FILE' | 'MAIL_CA_FILE'>;

export const MAIL_FROM = Symbol('MAIL_FROM');

/** What is wrong with the variables stops the start. */
export function mailerOf(environment: MailEnvironment): Mailer {
  const { MAIL_URL, MAIL_CREDENTIALS_FILE, MAIL_CA_FILE } = environment;
  if (MAIL_URL === undefined) return new NoMailer();
  parseMailFrom(environment.MAIL_FROM);
  const settings = parseMailUrl(MAIL_URL);
  if (settings.kind === 'files') return new FileMailer(settings.folder);
  const credentials =
    MAIL_CREDENTIALS_FILE === undefined ? undefined : parseMailCredentials(readFileSync(MAIL_CREDENTIALS_FILE, 'utf8'));
  return new SmtpMailer(
    settings,
    credentials,
    MAIL_CA_FILE === undefined ? undefined : readFileSync(MAIL_CA_FILE, 'utf8'),
  );
}

/** Unsent mail needs a sender too. */
export function mailFromOf({ MAIL_FROM: from }: MailEnvironment): string {
  return from === undefined ? 'nobody@biplane.invalid' : parseMailFrom(from);
}
