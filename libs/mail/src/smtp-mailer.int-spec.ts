import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { selfSignedCertificate, startMailServer, type MailServer } from '@biplane/testing';
import { FileMailer } from './adapters/file-mailer.js';
import { SmtpMailer } from './adapters/smtp-mailer.js';
import type { MailMessage } from './mailer.js';

const certificate = selfSignedCertificate('localhost');
const credentials = { username: 'biplane', password: 'a-secret' };
const message: MailMessage = {
  messageId: '019d7743@biplane.example',
  from: 'billing@biplane.example',
  to: 'ops@acme.example',
  subject: 'Invoice INV-2026-000042 · Zürich · 上海',
  text: 'Grüezi\n.\nline after a dot\n',
  attachments: [{ filename: 'INV 1.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF-1.7 bytes') }],
  date: new Date('2026-05-01T03:00:00Z'),
};

function writeFileIn(place: string): string {
  const file = join(place, 'a-file');
  writeFileSync(file, '');
  return file;
}

const servers: MailServer[] = [];
const folder = mkdtempSync(join(tmpdir(), 'mail-test-'));
async function server(options: Parameters<typeof startMailServer>[0] = {}): Promise<MailServer> {
  const started = await startMailServer(options);
  servers.push(started);
  return started;
}
const smtp = (port: number, tls: 'starttls' | 'none') => ({ kind: 'smtp', host: 'localhost', port, tls }) as const;

afterEach(() => Promise.all(servers.splice(0).map((each) => each.close())));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('mail by SMTP', () => {
  it('goes over TLS to a server that it trusts, with its credentials, whole', async () => {
    const there = await server({ tls: certificate, credentials });
    const mailer = new SmtpMailer(smtp(there.port, 'starttls'), credentials, certificate.cert);
    expect(await mailer.send(message)).toEqual({ sent: true });
    const [mail] = there.received;
    expect(mail).toMatchObject({ from: message.from, to: [message.to], isEncrypted: true, user: 'biplane' });
    expect(mail?.headers.get('message-id')).toBe(`<${message.messageId}>`);
    expect(mail?.headers.get('date')).toBe('Fri, 01 May 2026 03:00:00 +0000');
    expect(mail?.raw).toContain(Buffer.from('%PDF-1.7 bytes').toString('base64'));
  });

  it('sends nothing to a server whose certificate it does not know, or that offers no TLS', async () => {
    const [stranger, plain] = [await server({ tls: certificate }), await server()];
    for (const { port } of [stranger, plain]) {
      expect(await new SmtpMailer(smtp(port, 'starttls')).send(message)).toMatchObject({
        sent: false,
        permanent: false,
      });
    }
    expect([stranger.received, plain.received]).toEqual([[], []]);
    expect(() => new SmtpMailer(smtp(1, 'none'), credentials)).toThrow('in clear');
  });

  it.each([
    [451, false, 'later'],
    [550, true, 'never'],
  ])('a server that answers %s ends it for good: %s, %s', async (code, permanent) => {
    const there = await server();
    there.answer(code);
    const outcome = await new SmtpMailer(smtp(there.port, 'none')).send(message);
    expect(outcome).toEqual({ sent: false, error: `SMTP_${code}`, permanent });
  });

  it('wrong credentials are about us: the mail is tried again', async () => {
    const there = await server({ tls: certificate, credentials });
    const mailer = new SmtpMailer(smtp(there.port, 'starttls'), { ...credentials, password: 'x' }, certificate.cert);
    expect(await mailer.send(message)).toEqual({ sent: false, error: 'SMTP_535', permanent: false });
  });

  it('no member of a message adds a header or a recipient', async () => {
    const there = await server();
    const evil = 'x\r\nBcc: all@acme.example\r\n\r\nbody';
    const attachments = [{ filename: evil, contentType: `text/plain${evil}`, content: Buffer.from('x') }];
    await new SmtpMailer(smtp(there.port, 'none')).send({ ...message, subject: evil, attachments });
    const to = `ops@acme.example\r\nRCPT TO:<all@acme.example>`;
    const refused = { sent: false, error: 'ADDRESS_INVALID', permanent: true };
    expect(await new SmtpMailer(smtp(there.port, 'none')).send({ ...message, to })).toEqual(refused);
    expect(await new FileMailer(folder).send({ ...message, to })).toEqual(refused);
    for (const mail of there.received) {
      expect(mail.headers.has('bcc')).toBe(false);
      expect(mail.to).toHaveLength(1);
      expect(mail.to).not.toContain('all@acme.example');
    }
    expect(there.received.length).toBeGreaterThan(0);
  });
});

describe('mail to files', () => {
  it('writes each mail whole, a repeat in place of the first', async () => {
    const mailer = new FileMailer(join(folder, 'out'));
    expect(await mailer.send(message)).toEqual({ sent: true });
    expect(await mailer.send(message)).toEqual({ sent: true });
    const names = readdirSync(join(folder, 'out'));
    expect(names).toEqual(['019d7743@biplane.example.eml']);
    const text = readFileSync(join(folder, 'out', names[0]!), 'utf8');
    expect(text).toContain('To: ops@acme.example\r\n');
    expect(text).toContain('Message-ID: <019d7743@biplane.example>\r\n');
  });

  it('a folder that cannot be written is tried again', async () => {
    expect(await new FileMailer(join(writeFileIn(folder), 'out')).send(message)).toMatchObject({
      sent: false,
      permanent: false,
    });
  });
});
