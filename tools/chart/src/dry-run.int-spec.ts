import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testCluster } from '@biplane/testing';
import { variants } from './places.js';
import { byKind, podTemplate, render, type Manifest, type PodTemplate } from './render.js';

const PLURALS: Readonly<Record<string, string>> = { NetworkPolicy: 'networkpolicies', Ingress: 'ingresses' };
const WHOLE_CLUSTER = new Set(['ClusterRole', 'ClusterRoleBinding']);
/** Of an operator that our cluster does not have: only their content is compared, with deploy/. */
const FOREIGN = new Set(['ServiceMonitor', 'PrometheusRule']);

const cluster = testCluster();
const namespace = `chart-${randomBytes(4).toString('hex')}`;
const inNamespace = (kind: string) => `/api/v1/namespaces/${namespace}/${kind}`;

function pathOf({ apiVersion, kind, metadata }: Manifest): string {
  const group = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = PLURALS[kind] ?? `${kind.toLowerCase()}s`;
  return `${group}${WHOLE_CLUSTER.has(kind) ? '' : `/namespaces/${namespace}`}/${plural}/${metadata.name}`;
}

/** As the API server would take it, with its admission, and nothing stored. */
async function dryRunApply(manifest: Manifest): Promise<string[]> {
  const query = 'dryRun=All&fieldManager=chart-test&force=true&fieldValidation=Strict';
  const type = 'application/apply-patch+yaml';
  const { status, body } = await cluster.send('PATCH', `${pathOf(manifest)}?${query}`, manifest, type);
  return status < 300 ? [] : [`${manifest.kind}/${manifest.metadata.name}: ${status} ${JSON.stringify(body)}`];
}

const dryRunPod = (template: PodTemplate) =>
  cluster.send<{ message?: string }>('POST', `${inNamespace('pods')}?dryRun=All&fieldValidation=Strict`, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { generateName: 'pod-', labels: template.metadata?.labels },
    spec: template.spec,
  });

beforeAll(async () => {
  const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted', 'biplane.dev/platform': cluster.platform };
  await cluster.create('/api/v1/namespaces', {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels: restricted },
  });
  // A pod names a ServiceAccount that is there.
  for (const name of ['bp-biplane-reconciler', 'platform-reconciler']) {
    await cluster.create(inNamespace('serviceaccounts'), {
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name },
    });
  }
  await cluster.waitForObject(
    'the default service account',
    `${inNamespace('serviceaccounts')}/default`,
    (it) => it !== null,
  );
});
afterAll(() => cluster.close());

describe.each(variants)('the API server, asked with the values %s', (variant) => {
  it('takes every object of the chart as it is, field by field', async () => {
    const manifests = (await render(variant, [], namespace)).filter(({ kind }) => !FOREIGN.has(kind));
    expect(manifests.length).toBeGreaterThan(10);
    expect((await Promise.all(manifests.map(dryRunApply))).flat()).toEqual([]);
  });

  it('29: lets every pod of the chart into a namespace that enforces Pod Security restricted', async () => {
    const templates = (await render(variant, [], namespace)).flatMap((manifest) => podTemplate(manifest) ?? []);
    const answers = await Promise.all(templates.map(dryRunPod));
    expect(answers.filter(({ status }) => status !== 201).map(({ body }) => body.message)).toEqual([]);
  });
});

describe('Pod Security restricted', () => {
  const without = (template: PodTemplate, of: 'pod' | 'container', field: string): PodTemplate => {
    const copy = structuredClone(template) as unknown as {
      spec: Record<string, unknown> & { containers: Record<string, unknown>[] };
    };
    const holder = of === 'pod' ? copy.spec : copy.spec.containers[0]!;
    holder['securityContext'] = Object.fromEntries(
      Object.entries(holder['securityContext'] as object).filter(([name]) => name !== field),
    );
    return copy as unknown as PodTemplate;
  };

  it.each([
    ['container', 'capabilities'],
    ['container', 'allowPrivilegeEscalation'],
  ] as const)('29: is enforced here: the same pod without its %s.%s is refused', async (of, field) => {
    const [deployment] = byKind(await render('eu', [], namespace), 'Deployment');
    const { status, body } = await dryRunPod(without(podTemplate(deployment!)!, of, field));
    expect([status, body.message]).toEqual([403, expect.stringContaining('violates PodSecurity "restricted')]);
  });
});
