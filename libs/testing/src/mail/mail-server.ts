import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the wire. */
  readonly raw: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly isEncrypted: boolean;
  readonly user: string | null;
}

export interface MailServer {
  readonly port: number;
  /** Without TLS, on the loopback. */
  readonly url: string;
  readonly received: ReceivedMail[];
  /** How the next mails are answered: an SMTP code that refuses them, or null. */
  answer(code: number | null): void;
  close(): Promise<void>;
}

/** A real SMTP server on the loopback. */
export async function startMailServer(
  options: { tls?: { key: string; cert: string }; credentials?: { username: string; password: string } } = {},
): Promise<MailServer> {
  const { tls, credentials } = options;
  const received: ReceivedMail[] = [];
  let refusal: number | null = null;
  const server = new SMTPServer({
    ...tls,
    disabledCommands: [...(tls ? [] : ['STARTTLS']), ...(credentials ? [] : ['AUTH'])],
    logger: false,
    onAuth: ({ username, password }, _, done) =>
      username === credentials?.username && password === credentials?.password
        ? done(null, { user: username })
        : done(Object.assign(new Error('wrong'), { responseCode: 535 })),
    onData: (stream, { envelope, secure, user }, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (refusal !== null) return done(Object.assign(new Error('not taken'), { responseCode: refusal }));
        const raw = Buffer.concat(chunks).toString('utf8');
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        const to = envelope.rcptTo.map(({ address }) => address);
        const name = user === undefined ? null : String(user);
        received.push({ from, to, raw, headers: headersOf(raw), isEncrypted: secure, user: name });
        done();
      });
    },
  });
  // A client that gives up in the middle is what some tests are about.
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    url: `smtp://127.0.0.1:${port}?tls=none`,
    received,
    answer: (code) => (refusal = code),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Lower-case names; of several of a name the last. */
function headersOf(raw: string): Map<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n')) {
    const colon = line.indexOf(':');
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}
