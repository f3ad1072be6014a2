export const MAIL_STATES = ['waiting', 'sent', 'dead'] as const;
export type MailState = (typeof MAIL_STATES)[number];

/** How a mail is doing; what it says is sealed. */
export interface MailRow {
  readonly id: string;
  readonly key: string;
  readonly kind: string;
  readonly tenantId: string | null;
  readonly state: MailState;
  readonly attempts: number;
  readonly dueAt: Date;
  readonly lastError: string | null;
  readonly sentAt: Date | null;
  readonly createdAt: Date;
}

/** What is said, to whom: sealed as one. Contents of attachments in base64. */
export interface MailContent {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments: readonly { readonly filename: string; readonly contentType: string; readonly base64: string }[];
}

/** A mail that this process holds until its lease ends. */
export interface MailClaim {
  readonly id: string;
  readonly messageEncrypted: string;
  /** This attempt included: what a claim that lost its lease is told apart by. */
  readonly attempts: number;
  readonly createdAt: Date;
}
