import { readFileSync } from 'node:fs';
import { FileMailer } from './adapters/file-mailer.js';
import { NoMailer } from './adapters/no-mailer.js';
import { SmtpMailer } from './adapters/smtp-mailer.js';
import { parseMailCredentials, parseMailFrom, parseMailUrl, type MailSettings } from './mail-settings.js';
import type { Mailer } from './mailer.js';

/** As `mailVariables` are read. */
export interface MailEnvironment {
  readonly MAIL_URL?: string | undefined;
  readonly MAIL_FROM?: string | undefined;
  readonly MAIL_CREDENTIALS_FILE?: string | undefined;
  readonly MAIL_CA_FILE?: string | undefined;
}

export const MAIL_FROM = Symbol('MAIL_FROM');

/** Null without MAIL_URL. What is wrong with the variables or their files stops the start. */
export function readMailSettings(environment: MailEnvironment): MailSettings | null {
  const { MAIL_URL, MAIL_FROM: from, MAIL_CREDENTIALS_FILE, MAIL_CA_FILE } = environment;
  if (MAIL_URL === undefined) return null;
  const textOf = (file: string | undefined): string | null => (file === undefined ? null : readFileSync(file, 'utf8'));
  const credentials = textOf(MAIL_CREDENTIALS_FILE);
  return {
    url: MAIL_URL,
    from: parseMailFrom(from),
    credentials: credentials === null ? null : parseMailCredentials(credentials),
    certificates: textOf(MAIL_CA_FILE),
  };
}

export function mailerOf(settings: MailSettings | null): Mailer {
  if (settings === null) return new NoMailer();
  const { credentials, certificates } = settings;
  const place = parseMailUrl(settings.url);
  if (place.kind === 'files') return new FileMailer(place.folder);
  return new SmtpMailer(place, credentials ?? undefined, certificates ?? undefined);
}

/** Unsent mail needs a sender too. */
export function mailFromOf(settings: MailSettings | null): string {
  return settings?.from ?? 'nobody@biplane.invalid';
}

/** Of what the mail is about, so that a repeat is known by it; in the domain of the sender. */
export function messageIdOf(id: string, from: string): string {
  return `${id}@${from.slice(from.lastIndexOf('@') + 1)}`;
}
