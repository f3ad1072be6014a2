import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createKey, createRoot, publicPartOf, type Root, type SigningKeyFile } from '@biplane/ceremony';
import { keepSecret, writeSecret, type ClientCredentials } from './secrets.js';
import { clockFile, issuerFile, rootKeyFile } from './service-specs.js';
import type { StackFile } from './stack-file.js';

const REQUEST_TIMEOUT_MS = 30_000;

// Demos and tests move the Clock to where they like: the key is good for all of it.
const KEY_TERMS = { notBefore: new Date('2020-01-01T00:00:00Z'), notAfter: new Date('2040-01-01T00:00:00Z') };

/** The files that are the same for every service of the stack: clock, issuer, trust root. */
export async function writeFixedFiles(privateFolder: string, startAt: string | undefined): Promise<void> {
  const offsetMs = startAt === undefined ? 0 : Date.parse(startAt) - Date.now();
  if (!Number.isSafeInteger(offsetMs)) throw new Error(`${startAt} is not an instant`);
  if (startAt === undefined) await keepSecret(clockFile(privateFolder), () => '{"offsetMs":0}\n');
  else await writeSecret(clockFile(privateFolder), `${JSON.stringify({ offsetMs })}\n`);
  const issuer = {
    code: 'BP',
    name: 'Biplane Demo Pty Ltd',
    address: ['1 Runway Road', 'Brisbane QLD 4000', 'Australia'],
    timeZone: 'Australia/Brisbane',
    taxId: 'AU 51 824 753 556',
    payment: ['Bank: Example Bank', 'BSB: 000-000', 'Account: 1234 5678'],
  };
  await keepSecret(issuerFile(privateFolder), () => JSON.stringify(issuer, null, 2));
  await keepSecret(rootFile(privateFolder), () => JSON.stringify(createRoot()));
  const root = readJson<Root>(rootFile(privateFolder));
  await writeSecret(rootKeyFile(privateFolder), JSON.stringify(publicPartOf(root)));
  await keepSecret(signingKeyFile(privateFolder), () =>
    JSON.stringify(createKey(root, { kid: 'local-1', ...KEY_TERMS })),
  );
}

/** The ceremony for a further key: what `POST /licenses/keys` takes. */
export function createFurtherKey(privateFolder: string, kid: string): SigningKeyFile {
  return createKey(readJson<Root>(rootFile(privateFolder)), { kid, ...KEY_TERMS });
}

/** What an operator does once for a new installation: import the signing key, describe the regions. Repeating is harmless. */
export async function prepareFirstUse(stack: StackFile, privateFolder: string): Promise<void> {
  const admin = stack.clients['admin'];
  if (!admin) throw new Error('The stack has no admin client');
  const token = await accessToken(stack.coreApi, admin);
  const key = readJson<SigningKeyFile>(signingKeyFile(privateFolder));
  const known = await request(stack.coreApi, 'GET', '/.well-known/jwks.json', null);
  if (!(known as { keys: { kid?: string }[] }).keys.some(({ kid }) => kid === key.kid)) {
    await request(stack.coreApi, 'POST', '/api/v1/licenses/keys', token, key);
  }
  for (const [region, homeId] of Object.entries(stack.homes)) {
    await request(stack.coreApi, 'PUT', `/api/v1/regions/${region}`, token, {
      residency: region.split('-')[0],
      pools: [{ homeId, url: stack.tenantApi[region] }],
      thresholds: { members: 500, storageGb: '500', requestsPerDay: '1000000' },
      isolatingCompliance: ['hipaa', 'pci-dss'],
      domain: `${region}.example`,
    });
  }
}

async function accessToken(url: string, { clientId, clientSecret }: ClientCredentials): Promise<string> {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
    },
    body: 'grant_type=client_credentials',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body = await response.text();
  if (!response.ok) throw new Error(`POST /oauth/token answered ${response.status}: ${body}`);
  return (JSON.parse(body) as { access_token: string }).access_token;
}

async function request(
  url: string,
  method: string,
  route: string,
  token: string | null,
  body?: unknown,
): Promise<unknown> {
  const response = await fetch(`${url}${route}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}

function rootFile(privateFolder: string): string {
  return path.join(privateFolder, 'root.json');
}

function signingKeyFile(privateFolder: string): string {
  return path.join(privateFolder, 'signing-key.json');
}

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
