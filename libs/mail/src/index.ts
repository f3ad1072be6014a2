export { FileMailer } from './adapters/file-mailer.js';
export { NoMailer } from './adapters/no-mailer.js';
export { SmtpMailer } from './adapters/smtp-mailer.js';
export { MailDelivery, type HeldMail } from './mail-delivery.js';
export { attachmentName, headerText, isMailAddress } from './mail-text.js';
export type { MailCredentials, MailSettings } from './mail-settings.js';
export { mailVariables } from './mail-variables.js';
export { MAILER, type MailAttachment, type Mailer, type MailMessage, type SendOutcome } from './mailer.js';
export { MAIL_FROM, mailerOf, mailFromOf, messageIdOf, readMailSettings, type MailEnvironment } from './mailer-of.js';
