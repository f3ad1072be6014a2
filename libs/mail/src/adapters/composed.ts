import type { MailMessage } from '../mailer.js';

/** As nodemailer takes it. Addresses are objects, so that nothing in them is read as a list or a header. */
export function composed({ messageId, from, to, subject, text, attachments, date }: MailMessage) {
  return {
    messageId: `<${messageId}>`,
    from: { name: '', address: from },
    to: { name: '', address: to },
    envelope: { from, to: [to] },
    subject,
    text,
    date,
    // Machines do not answer it.
    headers: { 'Auto-Submitted': 'auto-generated' },
    attachments: attachments.map(({ filename, contentType, content }) => {
      return { filename, contentType, content: Buffer.from(content) };
    }),
  };
}
