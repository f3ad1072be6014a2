/** A mail as it leaves. Addresses are bare and valid, header texts of one line: the outbox sees to both. */
export interface MailMessage {
  /** Without angle brackets; the same at every attempt, so that a receiver can tell a repeat. */
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly MailAttachment[];
  readonly date: Date;
}

export interface MailAttachment {
  readonly filename: string;
  readonly contentType: string;
  readonly content: Uint8Array;
}

/** `permanent`: the same would fail for ever. `error` is a short code and holds no address. */
export type SendOutcome =
  { readonly sent: true } | { readonly sent: false; readonly error: string; readonly permanent: boolean };

/** What is read as a list or holds a line end could reach whom it was not meant for: no adapter takes it. */
export const NO_ADDRESS: SendOutcome = { sent: false, error: 'ADDRESS_INVALID', permanent: true };

/** The way out for mail. Adapters: SMTP, files, and none. */
export interface Mailer {
  send(message: MailMessage): Promise<SendOutcome>;
}

export const MAILER = Symbol('MAILER');
