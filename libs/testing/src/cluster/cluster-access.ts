import { readFileSync } from 'node:fs';
import { request as httpRequest, type Agent, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { parse } from 'yaml';

/** How to reach an API server, and as whom. */
export interface ClusterAccess {
  readonly server: string;
  readonly certificateAuthority?: string | undefined;
  readonly token?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

interface KubeConfigFile {
  'current-context': string;
  contexts: { name: string; context: { cluster: string; user: string } }[];
  clusters: { name: string; cluster: Record<string, string> }[];
  users: { name: string; user: Record<string, string> }[];
}

/** The current context of a kubeconfig; one that runs a program for its credentials is refused. */
export function readKubeconfig(file: string): ClusterAccess {
  const config = parse(readFileSync(file, 'utf8')) as KubeConfigFile;
  const context = config.contexts.find(({ name }) => name === config['current-context'])?.context;
  const cluster = config.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const user = config.users.find(({ name }) => name === context?.user)?.user ?? {};
  if (!cluster?.['server']) throw new Error(`${file} has no cluster in its current context`);
  if (user['exec'])
    throw new Error(`${file} runs a program for its credentials: the tests need a token or certificate`);
  return {
    server: cluster['server'],
    certificateAuthority: fileOrData(cluster, 'certificate-authority'),
    token: user['token'] ?? (user['tokenFile'] && readFileSync(user['tokenFile'], 'utf8').trim()),
    certificate: fileOrData(user, 'client-certificate'),
    key: fileOrData(user, 'client-key'),
  };
}

function fileOrData(section: Record<string, string>, name: string): string | undefined {
  const data = section[`${name}-data`];
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  const file = section[name];
  return file ? readFileSync(file, 'utf8') : undefined;
}

/** A kubeconfig with one context; JSON, which is YAML too. */
export function kubeconfigText(access: ClusterAccess): string {
  const encoded = (text: string | undefined) => text && Buffer.from(text).toString('base64');
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'test',
        cluster: { server: access.server, 'certificate-authority-data': encoded(access.certificateAuthority) },
      },
    ],
    users: [
      {
        name: 'test',
        user: {
          token: access.token,
          'client-certificate-data': encoded(access.certificate),
          'client-key-data': encoded(access.key),
        },
      },
    ],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}

export interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: Buffer | string | undefined;
  /** Whose connections it may go over. */
  readonly agent?: Agent | undefined;
}

/** One request, on a connection of its own unless it brings an agent: what a test breaks must not be another's connection. */
export function sendTo(
  access: ClusterAccess,
  { method, path, headers, body, agent }: SentRequest,
): Promise<IncomingMessage> {
  const isSecure = access.server.startsWith('https:');
  const tls = { ca: access.certificateAuthority, cert: access.certificate, key: access.key };
  const options = {
    method,
    agent: agent ?? (false as const),
    headers: { ...headers, ...(access.token ? { authorization: `Bearer ${access.token}` } : {}) },
    ...(isSecure ? Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)) : {}),
  };
  return new Promise((resolve, reject) => {
    const sent = (isSecure ? httpsRequest : httpRequest)(new URL(path, access.server), options, resolve);
    sent.on('error', reject);
    sent.end(body);
  });
}
