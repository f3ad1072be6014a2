import { clusterProxy, testCluster } from '@biplane/testing';
import { OWNED_KINDS, platformLabels, READ_KINDS, type KubernetesObject } from '../features/cluster/index.js';
import { kubernetesGateway } from './cluster/real-gateway.js';
import { ReconcilerRig } from './reconciler-rig.js';

/** For tools/bench, which knows no service from inside: what a pass over homes that nobody changed costs, as JSON on the last line. */
export interface DesiredStateBenchInput {
  readonly homes: number;
  readonly rounds: number;
}

const { homes, rounds } = JSON.parse(process.argv.at(-1) ?? '{}') as DesiredStateBenchInput;
const AT_ONCE = 50;
const DEADLINE_MS = 3_600_000;

const cluster = testCluster();
const proxy = await clusterProxy(cluster);
const rig = await ReconcilerRig.open(cluster.platform);
const gateway = kubernetesGateway({ kubeconfig: proxy.kubeconfigFile });
const { pass } = await rig.start(gateway);
const labels = platformLabels(cluster.platform);

async function lists(): Promise<KubernetesObject[]> {
  const objects: KubernetesObject[] = [];
  for (const { kind } of [...OWNED_KINDS, ...READ_KINDS]) {
    for (const object of await gateway.list({ kind, labels })) objects.push(object);
  }
  return objects;
}

const millisOf = async (work: () => Promise<unknown>): Promise<number> => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};
const versionsOf = (objects: readonly KubernetesObject[]) =>
  objects
    .map(({ metadata }) => `${metadata.uid} ${metadata.resourceVersion}`)
    .sort()
    .join();
/** An access review is asked by POST and writes nothing. */
const isWrite = ({ method, path }: { method: string; path: string }) =>
  method !== 'GET' && !path.includes('accessreviews');

// Stopped: their objects are all there, and no node has to run a thousand pods.
const madeMs = await millisOf(async () => {
  for (let made = 0; made < homes; made += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, homes - made) }, () => rig.home({}, false));
    for (const { homeId } of await Promise.all(some)) await rig.desire(homeId, 'stopped');
    await rig.settled(DEADLINE_MS);
  }
});
// What the cluster still changes by itself is seen first.
while ((await pass()).length > 0) await rig.settled(DEADLINE_MS);

const before = await lists();
const from = proxy.requests.length;
const [list, passed]: [number[], number[]] = [[], []];
let differing = 0;
const passOnce = async (): Promise<void> => void (differing += (await pass()).length);
for (let round = 0; round < rounds; round += 1) {
  if (round % 2 === 0) list.push(await millisOf(lists));
  passed.push(await millisOf(passOnce));
  if (round % 2 === 1) list.push(await millisOf(lists));
}
await rig.settled(DEADLINE_MS);
const writes = proxy.requests.slice(from).filter(isWrite).length;
const isUnchanged = versionsOf(before) === versionsOf(await lists());
const result = { madeMs, objects: before.length, list, passed, writes, differing, isUnchanged };
await rig.close();
await proxy.close();
await cluster.close();
process.stdout.write(`\n${JSON.stringify(result)}\n`);
process.exit(0);
