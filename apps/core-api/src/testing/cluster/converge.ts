import {
  carryOut,
  homeSelector,
  OWNED_KINDS,
  plan,
  writesOf,
  type Action,
  type ActionOutcome,
  type ClusterGateway,
  type DedicatedHomeSpec,
  type KubernetesObject,
} from '../../features/cluster/index.js';

/** Everything of one home, and whatever else has a name that is desired. */
export async function observe(
  gateway: ClusterGateway,
  spec: DedicatedHomeSpec,
  desired: readonly KubernetesObject[],
): Promise<readonly KubernetesObject[]> {
  const labels = homeSelector(spec.platform, spec.homeId);
  const listed = (await Promise.all(OWNED_KINDS.map(({ kind }) => gateway.list({ kind, labels })))).flat();
  const named = await Promise.all(
    desired.map(({ apiVersion, kind, metadata: { name, namespace } }) =>
      gateway.get({ apiVersion, kind, name, ...(namespace !== undefined && { namespace }) }),
    ),
  );
  const all = [...listed, ...named.filter((object) => object !== null)];
  return [...new Map(all.map((object) => [object.metadata.uid, object])).values()];
}

export async function planFor(
  gateway: ClusterGateway,
  spec: DedicatedHomeSpec,
  desired: readonly KubernetesObject[],
): Promise<readonly Action[]> {
  return plan(await observe(gateway, spec, desired), desired, spec);
}

/** One pass: everything that the plan writes, in its order. */
export async function converge(
  gateway: ClusterGateway,
  spec: DedicatedHomeSpec,
  desired: readonly KubernetesObject[],
): Promise<readonly ActionOutcome[]> {
  const outcomes: ActionOutcome[] = [];
  for (const action of writesOf(await planFor(gateway, spec, desired))) outcomes.push(await carryOut(gateway, action));
  return outcomes;
}
