import { KubeConfig, type V1Pod } from '@kubernetes/client-node';

/** Speaks for the pod's service account: with the token that the API server mounted, at the address the agent uses. */
export function podKubeconfig(agentsFile: string, pod: V1Pod, tokenFile: string): string | null {
  const config = new KubeConfig();
  config.loadFromFile(agentsFile);
  const cluster = config.getCurrentCluster();
  if (!cluster) return null;
  const account = pod.spec?.serviceAccountName ?? 'default';
  return `${JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'cluster', cluster: { server: cluster.server, 'certificate-authority-data': cluster.caData } }],
    users: [{ name: account, user: { tokenFile } }],
    contexts: [{ name: 'pod', context: { cluster: 'cluster', user: account, namespace: pod.metadata?.namespace } }],
    'current-context': 'pod',
  })}\n`;
}
