import {
  clusterProxy,
  spawnSource,
  testCluster,
  type Child,
  type ClusterProxy,
  type TestCluster,
  type TestIdentity,
} from '@biplane/testing';
import { reconcilerRules, type ClusterGateway, type ClusterSettings } from '../features/cluster/index.js';
import { LEASE_MS } from '../features/reconciler/lease.js';
import { kubernetesGateway } from './cluster/real-gateway.js';
import { realHands, type ClusterHands } from './cluster/cluster-hands.js';
import type { ReconcilerSubject } from './reconciler-cases.js';
import { ReconcilerRig } from './reconciler-rig.js';

const RUNNER = new URL('./reconciler-runner.main.ts', import.meta.url);
/** No node has it: pods come to nothing, and quickly. */
const image = `registry.example/biplane/nowhere@sha256:${'cd'.repeat(32)}`;
/** Of a reconciler that shall notice quickly that the API server is away. */
export const BRIEF = { callTimeoutMs: 10_000, attemptsMax: 4, budgetMs: 10_000, pauseBaseMs: 50, pauseMsMax: 500 };

/** Homes and a time of their own, and the right to bring them about; what all share is the API server. Nothing runs yet. */
export interface ReconcilerGround {
  readonly cluster: TestCluster;
  readonly identity: TestIdentity;
  readonly rig: ReconcilerRig;
  readonly gateway: ClusterGateway;
  readonly hands: ClusterHands;
  close(): Promise<void>;
}

/** A reconciler with exactly its rights over a ground. */
export type ReconcilerScene = ReconcilerGround & ReconcilerSubject;

export async function openGround(settings: Partial<ClusterSettings> = {}): Promise<ReconcilerGround> {
  const cluster = testCluster();
  const identity = await cluster.identity(reconcilerRules);
  const rig = await ReconcilerRig.open(cluster.platform, { image, ...settings });
  const gateway = kubernetesGateway({ kubeconfig: identity.kubeconfigFile });
  const close = async () => {
    await rig.close();
    await cluster.close();
  };
  return { cluster, identity, rig, gateway, hands: realHands(cluster), close };
}

export async function openScene(settings: Partial<ClusterSettings> = {}): Promise<ReconcilerScene> {
  const ground = await openGround(settings);
  const { service, pass } = await ground.rig.start(ground.gateway);
  return { ...ground, pass, url: service.url };
}

/** A reconciler in a process of its own, which dies at its point; what it held is free again then. `what` is for the failure. */
export async function killedAt({ rig, identity }: ReconcilerGround, point: string, what: string): Promise<void> {
  const input = { ...rig.input, kubeconfig: identity.kubeconfigFile };
  const child = spawnSource(RUNNER, input, { FAULT_POINTS: `reconcile.${point}`, NODE_ENV: 'test' });
  const end = await child.ended;
  if (end.signal !== 'SIGKILL') throw new Error(`${point} was not reached (${what}): ${end.output}`);
  rig.advance(LEASE_MS + 1_000);
}

/** A reconciler in a process of its own, behind a door of its own, by which each of its requests is known to be its. */
export interface ReconcilerProcess {
  readonly child: Child;
  readonly proxy: ClusterProxy;
  close(): Promise<void>;
}

export async function startProcess({ cluster, rig, identity }: ReconcilerGround): Promise<ReconcilerProcess> {
  const proxy = await clusterProxy(cluster, { as: identity });
  const child = spawnSource(RUNNER, { ...rig.input, kubeconfig: proxy.kubeconfigFile }, { NODE_ENV: 'test' });
  const close = async () => {
    child.kill('SIGKILL');
    await child.ended;
    await proxy.close();
  };
  return { child, proxy, close };
}
