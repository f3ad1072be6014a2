import type { Transporter } from 'nodemailer';
import type { MailCredentials, SmtpSettings } from '../mail-settings.js';
import { isMailAddress } from '../mail-text.js';
import { NO_ADDRESS, type Mailer, type MailMessage, type SendOutcome } from '../mailer.js';
import { composed } from './composed.js';
import { withFirstMail } from './first-mail.js';

const CONNECT_MS = 5_000;
const SILENT_MS = 10_000;

/** Hands mail to a server by SMTP, each in a connection of its own: what fails, fails alone. The server's certificate is always checked. */
export class SmtpMailer implements Mailer {
  private readonly transport: () => Promise<Transporter>;

  constructor({ host, port, tls }: SmtpSettings, credentials?: MailCredentials, trusted?: string) {
    if (credentials !== undefined && tls === 'none') throw new Error('MAIL_URL: credentials are not sent in clear');
    this.transport = withFirstMail(({ createTransport }) =>
      createTransport({
        host,
        port,
        secure: tls === 'implicit',
        requireTLS: tls === 'starttls',
        ignoreTLS: tls === 'none',
        tls: { minVersion: 'TLSv1.2', ...(trusted !== undefined && { ca: trusted }) },
        ...(credentials && { auth: { user: credentials.username, pass: credentials.password } }),
        connectionTimeout: CONNECT_MS,
        greetingTimeout: CONNECT_MS,
        socketTimeout: SILENT_MS,
        // Bodies and attachments are given, never fetched.
        disableFileAccess: true,
        disableUrlAccess: true,
      }),
    );
  }

  async send(message: MailMessage): Promise<SendOutcome> {
    if (!isMailAddress(message.to)) return NO_ADDRESS;
    try {
      await (await this.transport()).sendMail(composed(message));
      return { sent: true };
    } catch (error) {
      return { sent: false, ...reasonOf(error) };
    }
  }
}

/** The server's text stays out: it may repeat the address. */
function reasonOf(error: unknown): { error: string; permanent: boolean } {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown };
  if (typeof responseCode === 'number') {
    // What is refused before the envelope (TLS, credentials) is about us, not about the mail: mended settings send it.
    const ofMail = code === 'EENVELOPE' || code === 'EMESSAGE';
    return { error: `SMTP_${responseCode}`, permanent: responseCode >= 500 && ofMail };
  }
  return { error: typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'FAILED', permanent: false };
}
