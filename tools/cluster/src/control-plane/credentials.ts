import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Who may speak to the API server besides service accounts: each has a token of its own and no more than it needs. */
const USERS = {
  admin: { groups: ['system:masters'] },
  // With --use-service-account-credentials each controller acts with its own account's rights.
  'system:kube-controller-manager': { groups: [] },
  'biplane:node-agent': { groups: [] },
} as const;
export type ClusterUser = keyof typeof USERS;

export interface Credentials {
  readonly tokenFile: string;
  /** Signs and verifies the tokens of service accounts. */
  readonly serviceAccountKeyFile: string;
  readonly tokens: Readonly<Record<ClusterUser, string>>;
}

/** Makes the tokens and keys of a control plane in its private folder, anew at each start. */
export async function makeCredentials(folder: string): Promise<Credentials> {
  const names = Object.keys(USERS) as ClusterUser[];
  const tokens = Object.fromEntries(names.map((name) => [name, randomBytes(24).toString('base64url')])) as Record<
    ClusterUser,
    string
  >;
  const tokenFile = path.join(folder, 'tokens.csv');
  const lines = names.map((name) => `${tokens[name]},${name},${name},"${USERS[name].groups.join(',')}"\n`);
  await writeFile(tokenFile, lines.join(''), { mode: 0o600 });
  const serviceAccountKeyFile = path.join(folder, 'service-accounts.pem');
  if (!(await isThere(serviceAccountKeyFile))) {
    const { privateKey } = generateKeyPairSync('rsa', {
      modulusLength: 2048,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    await writeFile(serviceAccountKeyFile, privateKey, { mode: 0o600 });
  }
  return { tokenFile, serviceAccountKeyFile, tokens };
}

/** A kubeconfig as JSON, which is YAML too. */
export function kubeconfigOf(server: string, certificateAuthority: string, user: string, token: string): string {
  const authority = Buffer.from(certificateAuthority).toString('base64');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'biplane', cluster: { server, 'certificate-authority-data': authority } }],
    users: [{ name: user, user: { token } }],
    contexts: [{ name: 'biplane', context: { cluster: 'biplane', user } }],
    'current-context': 'biplane',
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
