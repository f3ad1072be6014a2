import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { attachmentName, headerText, isMailAddress, type MailAttachment } from '@biplane/mail';
import { CLOCK, FieldCipher, IDS, type Ids, type Tx } from '@biplane/service-kit';
import type { MailContent } from './mail.js';
import { MailStore } from './mail.store.js';

export interface Mail {
  /** What it is about: the same key is mailed once. */
  readonly key: string;
  /** `<noun>.<what>`, for the log. */
  readonly kind: string;
  readonly tenantId: string | null;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly attachments?: readonly MailAttachment[];
}

const TEXT_MAX = 100_000;
const ATTACHED_BYTES_MAX = 10 * 1_024 * 1_024;

/** Mails are written here in the transaction of what they tell, and sent after its commit. */
@Injectable()
export class MailOutbox {
  constructor(
    private readonly store: MailStore,
    private readonly cipher: FieldCipher,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  /** The id of the mail, or null when one of this key was written before. An address that cannot be is a bug of the caller. */
  async add(tx: Tx, mail: Mail): Promise<string | null> {
    const { key, kind, tenantId, to, subject, text, attachments = [] } = mail;
    if (!isMailAddress(to)) throw new Error(`The mail ${kind} has no valid recipient`);
    const bytes = attachments.reduce((sum, { content }) => sum + content.byteLength, 0);
    if (text.length > TEXT_MAX || bytes > ATTACHED_BYTES_MAX) throw new Error(`The mail ${kind} is too large`);
    const content: MailContent = {
      to,
      subject: headerText(subject),
      text,
      attachments: attachments.map(({ filename, contentType, content: body }) => {
        return { filename: attachmentName(filename), contentType, base64: Buffer.from(body).toString('base64') };
      }),
    };
    const id = this.ids.uuid();
    const messageEncrypted = this.cipher.encrypt(placeOf(id), JSON.stringify(content));
    const row = { id, key, kind, tenantId, messageEncrypted, now: this.clock.now() };
    return (await this.store.insert(tx, row)) ? id : null;
  }

  opened(id: string, sealed: string): MailContent {
    return JSON.parse(this.cipher.decrypt(placeOf(id), sealed)) as MailContent;
  }
}

const placeOf = (id: string) => ({ table: 'mail', column: 'message_encrypted', id });
