import { fileURLToPath } from 'node:url';
import { isMailAddress } from './mail-text.js';

export interface SmtpSettings {
  readonly kind: 'smtp';
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte (`smtps:`). `starttls`: nothing is sent before it. `none`: loopback of tests and demos. */
  readonly tls: 'implicit' | 'starttls' | 'none';
}

export interface FileSettings {
  readonly kind: 'files';
  readonly folder: string;
}

const SUBMISSION_PORT = 587;
const SMTPS_PORT = 465;

/**
 * `smtp://host:587` (STARTTLS is required), `smtps://host:465`, `smtp://127.0.0.1:2525?tls=none` (loopback alone), `file:///folder`.
 * Throws with what is wrong, so that the service does not start.
 */
export function parseMailUrl(text: string): SmtpSettings | FileSettings {
  const url = new URL(text);
  if (url.username !== '' || url.password !== '')
    throw new Error('MAIL_URL: credentials stand in MAIL_CREDENTIALS_FILE');
  if (url.protocol === 'file:') return { kind: 'files', folder: fileURLToPath(url) };
  const options = [...url.searchParams.keys()];
  const tls = url.searchParams.get('tls');
  if (options.some((key) => key !== 'tls') || (tls !== null && tls !== 'none') || url.hash !== '')
    throw new Error('MAIL_URL: the only option is ?tls=none');
  // Not every runtime reads the host of a URL whose scheme it does not know.
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (host === '' || !/^\/?$/.test(url.pathname)) throw new Error('MAIL_URL: names a host, and no path');
  if (tls === 'none' && !['127.0.0.1', '::1', 'localhost'].includes(host))
    throw new Error('MAIL_URL: mail leaves this machine encrypted only; ?tls=none is for the loopback');
  if (tls === 'none' && url.protocol === 'smtps:') throw new Error('MAIL_URL: smtps with ?tls=none contradicts itself');
  const implicit = url.protocol === 'smtps:';
  const port = url.port === '' ? (implicit ? SMTPS_PORT : SUBMISSION_PORT) : Number.parseInt(url.port, 10);
  return { kind: 'smtp', host, port, tls: implicit ? 'implicit' : tls === 'none' ? 'none' : 'starttls' };
}

export interface MailCredentials {
  readonly username: string;
  readonly password: string;
}

/** Where mail goes and as whom, with what is secret about it, wherever it was read. */
export interface MailSettings {
  readonly url: string;
  readonly from: string;
  readonly credentials: MailCredentials | null;
  /** PEM of who certifies the server, in place of the public ones. */
  readonly certificates: string | null;
}

/** MAIL_CREDENTIALS_FILE: `{"username":"…","password":"…"}` */
export function parseMailCredentials(text: string): MailCredentials {
  const { username, password } = JSON.parse(text) as Record<string, unknown>;
  if (typeof username !== 'string' || typeof password !== 'string' || username === '' || password === '')
    throw new Error('MAIL_CREDENTIALS_FILE: needs "username" and "password"');
  return { username, password };
}

export function parseMailFrom(text: string | undefined): string {
  if (text !== undefined && isMailAddress(text)) return text;
  throw new Error('MAIL_FROM: must be the bare mail address that mail comes from, as MAIL_URL is set');
}
