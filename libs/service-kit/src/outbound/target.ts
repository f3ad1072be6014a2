import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from './public-address.js';

/** Why an address is not called. No reason tells what a name resolves to, or whether it does. */
export type TargetRefusal =
  'URL_UNREADABLE' | 'SCHEME_REFUSED' | 'CREDENTIALS_REFUSED' | 'PORT_REFUSED' | 'ADDRESS_REFUSED';

export type Resolve = (host: string) => Promise<readonly string[]>;

/** As the machine resolves names. */
export const resolveByDns: Resolve = async (host) =>
  (await lookup(host, { all: true, verbatim: true })).map(({ address }) => address);

export interface Target {
  readonly url: URL;
  /** The one address that was checked: the connection goes there and nowhere else. */
  readonly address: string;
}

const HTTPS_PORT = 443;
const UNPRIVILEGED_PORT = 1024;

/** Names that mean the machine or the network of whoever resolves them. */
const LOCAL_NAME = /(?:^|\.)(?:localhost|local|internal|intranet|lan|home|corp|private|localdomain|arpa)\.?$/;

export interface TargetPolicy {
  /** Hosts of demos and tests that may be called by plain HTTP and at private addresses; empty in production. */
  readonly testHosts: readonly string[];
}

/** What can be said of a URL without asking the network. `new URL` has turned decimal, octal and hex hosts into dotted ones. */
export function refusalOfUrl(text: string, policy: TargetPolicy): TargetRefusal | null {
  if (!URL.canParse(text)) return 'URL_UNREADABLE';
  const url = new URL(text);
  const host = hostOf(url);
  const isTest = policy.testHosts.includes(host);
  if (url.protocol !== 'https:' && !(isTest && url.protocol === 'http:')) return 'SCHEME_REFUSED';
  if (url.username !== '' || url.password !== '' || url.hash !== '') return 'CREDENTIALS_REFUSED';
  if (isTest) return null;
  const port = url.port === '' ? HTTPS_PORT : Number(url.port);
  if (port !== HTTPS_PORT && port < UNPRIVILEGED_PORT) return 'PORT_REFUSED';
  if (isIP(host) !== 0) return isPublicAddress(host) ? null : 'ADDRESS_REFUSED';
  return host.includes('.') && !LOCAL_NAME.test(host) ? null : 'ADDRESS_REFUSED';
}

/**
 * The address to connect to. Names are resolved here, once, and every answer must be public: one private among them refuses all, so that
 * a name cannot be made to point inside between the check and the connection, or by the order of its answers.
 */
export async function resolveTarget(
  text: string,
  policy: TargetPolicy,
  resolve: Resolve,
): Promise<Target | TargetRefusal> {
  const refusal = refusalOfUrl(text, policy);
  if (refusal !== null) return refusal;
  const url = new URL(text);
  const host = hostOf(url);
  const addresses = isIP(host) === 0 ? await resolve(host).catch(() => []) : [host];
  const [address] = addresses;
  if (address === undefined) return 'ADDRESS_REFUSED';
  if (policy.testHosts.includes(host)) return { url, address };
  return addresses.every(isPublicAddress) ? { url, address } : 'ADDRESS_REFUSED';
}

/** Without the brackets of IPv6 and the dot at the end of a full name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}
