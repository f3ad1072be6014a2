import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMailAddress } from '../mail-text.js';
import { NO_ADDRESS, type Mailer, type MailMessage, type SendOutcome } from '../mailer.js';
import { composed } from './composed.js';
import { withFirstMail } from './first-mail.js';

/** Writes each mail as `<message id>.eml`: a repeat replaces its own file. For demos and development. */
export class FileMailer implements Mailer {
  private readonly transport = withFirstMail(({ createTransport }) =>
    createTransport({
      streamTransport: true,
      buffer: true,
      newline: 'windows',
      disableFileAccess: true,
      disableUrlAccess: true,
    }),
  );

  constructor(private readonly folder: string) {}

  async send(message: MailMessage): Promise<SendOutcome> {
    if (!isMailAddress(message.to)) return NO_ADDRESS;
    try {
      const transport = await this.transport();
      const { message: bytes } = (await transport.sendMail(composed(message))) as { message: Buffer };
      await mkdir(this.folder, { recursive: true, mode: 0o700 });
      const file = join(this.folder, `${message.messageId.replace(/[^A-Za-z0-9@.-]/g, '_')}.eml`);
      // Whole or not at all: whoever watches the folder reads no half of it.
      await writeFile(`${file}.part`, bytes, { mode: 0o600 });
      await rename(`${file}.part`, file);
      return { sent: true };
    } catch (error) {
      const { code } = error as { code?: unknown };
      return { sent: false, error: typeof code === 'string' ? code.slice(0, 40) : 'FAILED', permanent: false };
    }
  }
}
