import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, closeRuns, Ports, processesOfRun, temporaryRun } from '@biplane/stack';
import { eventually, testCluster, type TestCluster } from '@biplane/testing';
import type { V1Container, V1Pod, V1PodSpec } from '@kubernetes/client-node';
import { startAgent, startCluster, type ClusterContext, type RunningCluster } from '../cluster.js';

export const root = fileURLToPath(new URL('../../../../', import.meta.url)).replace(/\/$/, '');
export const IMAGE = 'registry.example/fixture/server:1';
const images = {
  'fixture/server': { folder: 'tools/cluster', entrypoint: ['node'], command: ['src/spec-support/server.mjs'] },
};
/** The rule of the kubelet at a fiftieth of its times. */
const backOff = { firstMs: 200, maxMs: 1_000, forgottenAfterMs: 600_000 };

export interface OwnCluster {
  readonly running: RunningCluster;
  readonly api: TestCluster;
  readonly context: ClusterContext;
  readonly runId: string;
  /** A further agent, and the end of it by SIGKILL. */
  addAgent(node: string): Promise<{ kill(): Promise<void> }>;
  /** Processes of this pod, by what the agent marked them with. */
  processesOf(pod: V1Pod): number[];
  stop(): Promise<void>;
}

/** A cluster of this spec alone: its agent runs the specs' server. */
export async function ownCluster(options: { withAgent?: boolean } = {}): Promise<OwnCluster> {
  // Never that of whoever runs the specs: these stop and kill it.
  const { KUBECONFIG: _theirs, ...environment } = process.env;
  const run = await temporaryRun(cacheFolder(environment));
  const context: ClusterContext = {
    root,
    environment,
    folder: path.join(run.privateFolder, 'cluster'),
    group: run.group,
    ports: new Ports(),
    agent: { images, backOff },
    say: () => undefined,
    ...options,
  };
  const running = await startCluster(context);
  const agents = path.join(context.folder, 'biplane-node-agent.kubeconfig');
  return {
    running,
    context,
    runId: run.runId,
    api: testCluster({ TEST_KUBECONFIG: running.kubeconfig }),
    addAgent: (node) => startAgent({ ...context, agent: { ...context.agent, node } }, agents),
    processesOf: ({ metadata }) => processesOfRun(run.runId, `BIPLANE_POD=${metadata?.uid}`).map(({ pid }) => pid),
    stop: async () => {
      await running.stop();
      await closeRuns();
    },
  };
}

/** A pod's spec as Pod Security `restricted` wants it. */
export function restricted(container: Partial<V1Container> = {}, spec: Partial<V1PodSpec> = {}): V1PodSpec {
  return {
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 3,
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    ...spec,
    containers: [contained(container)],
  };
}

export function contained(container: Partial<V1Container>): V1Container {
  return {
    name: 'main',
    image: IMAGE,
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    ...container,
    env: [{ name: 'HOST', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }, ...(container.env ?? [])],
  };
}

/** A namespace in which only what is restricted may run. */
export async function newNamespace({ api }: OwnCluster, name: string): Promise<string> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted', 'biplane.dev/platform': api.platform };
  await api.create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
  await api.waitForObject('its service account', `/api/v1/namespaces/${name}/serviceaccounts/default`, Boolean);
  return name;
}

export async function createPod({ api }: OwnCluster, namespace: string, name: string, spec: V1PodSpec): Promise<void> {
  const metadata = { name, labels: { app: name } };
  await api.create(`/api/v1/namespaces/${namespace}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
}

export function pod(
  { api }: OwnCluster,
  namespace: string,
  name: string,
  what: string,
  isSo: (pod: V1Pod) => boolean,
): Promise<V1Pod> {
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  return api.waitForObject<V1Pod>(what, path, (found) => found !== null && isSo(found)) as Promise<V1Pod>;
}

export function isReady({ status }: V1Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
}

export async function createDeployment(
  { api }: OwnCluster,
  namespace: string,
  name: string,
  replicas: number,
  spec: V1PodSpec,
): Promise<void> {
  await api.create(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec },
    },
  });
}

export async function podsOf({ api }: OwnCluster, namespace: string, app: string): Promise<V1Pod[]> {
  const list = await api.get<{ items: V1Pod[] }>(`/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${app}`);
  return list?.items ?? [];
}

interface Told {
  readonly env: Record<string, string>;
  readonly pid: number;
  readonly file: string | null;
}

/** What the specs' server says of itself; a pod without a readiness probe is ready before it listens. */
export async function askPod(of: V1Pod, path = '/'): Promise<Told> {
  const url = `http://${of.status?.podIP}:8080${path}`;
  return eventually(async () => {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`${url} answers ${response.status}: ${await response.text()}`);
    return (await response.json()) as Told;
  });
}
