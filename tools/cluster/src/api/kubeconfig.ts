import { KubeConfig } from '@kubernetes/client-node';
import { ApiClient } from './client.js';
import { readFileSync } from 'node:fs';

/** A client with the rights of a kubeconfig's current context. */
export function clientOf(kubeconfigFile: string): ApiClient {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigFile);
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (!cluster) throw new Error(`${kubeconfigFile} names no cluster`);
  return new ApiClient({
    server: cluster.server,
    certificateAuthority: fromEither(cluster.caData, cluster.caFile),
    token: user?.token,
    certificate: fromEither(user?.certData, user?.certFile),
    key: fromEither(user?.keyData, user?.keyFile),
  });
}

function fromEither(data: string | undefined, file: string | undefined): string | undefined {
  if (data) return Buffer.from(data, 'base64').toString('utf8');
  return file ? readFileSync(file, 'utf8') : undefined;
}
