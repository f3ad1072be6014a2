import type { ClusterSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { ANNOTATIONS, homeMetadata, podLabels, podSelector } from '../labels.js';
import { NAMES } from '../names.js';
import { ROOT_KEY } from './config-maps.js';
import { TOKEN_KEY } from './secret.js';

const ENROLLMENT_FOLDER = '/etc/biplane/enrollment';
const TRUST_FOLDER = '/etc/biplane/trust';
const TMP_SIZE_MAX = '64Mi';

/** Endpoints are taken out of the load balancer while the process still answers; then it drains for up to 25 s. */
export const PRE_STOP_SECONDS = 5;
export const DRAIN_SECONDS = 25;

/** Starting takes enrolling and migrating, so that five minutes are given before a start counts as failed. */
const probes = {
  startupProbe: probe('/health/live', { periodSeconds: 2, failureThreshold: 150, timeoutSeconds: 2 }),
  livenessProbe: probe('/health/live', { periodSeconds: 10, failureThreshold: 3, timeoutSeconds: 5 }),
  readinessProbe: probe('/health/ready', { periodSeconds: 3, failureThreshold: 2, timeoutSeconds: 3 }),
};

function probe(path: string, times: Readonly<Record<string, number>>): Readonly<Record<string, unknown>> {
  return { httpGet: { path, port: 'http', scheme: 'HTTP' }, ...times };
}

function container(settings: ClusterSettings): Readonly<Record<string, unknown>> {
  return {
    name: NAMES.workload,
    image: settings.image,
    imagePullPolicy: 'IfNotPresent',
    ports: [
      { name: 'http', containerPort: settings.httpPort, protocol: 'TCP' },
      { name: 'internal', containerPort: settings.internalPort, protocol: 'TCP' },
    ],
    envFrom: [{ configMapRef: { name: NAMES.settings } }],
    env: [
      { name: 'HOST', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'status.podIP' } } },
      { name: 'INSTANCE_ID', valueFrom: { fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.name' } } },
      { name: 'ENROLLMENT_TOKEN_FILE', value: `${ENROLLMENT_FOLDER}/${TOKEN_KEY}` },
      { name: 'ROOT_KEY_FILE', value: `${TRUST_FOLDER}/${ROOT_KEY}` },
    ],
    resources: settings.resources,
    securityContext: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
    },
    ...probes,
    lifecycle: { preStop: { sleep: { seconds: PRE_STOP_SECONDS } } },
    volumeMounts: [
      { name: 'enrollment', mountPath: ENROLLMENT_FOLDER, readOnly: true },
      { name: 'trust-root', mountPath: TRUST_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

function podSpec(spec: DedicatedHomeSpec, settings: ClusterSettings): Readonly<Record<string, unknown>> {
  const spread = (topologyKey: string) => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable: 'ScheduleAnyway',
    labelSelector: { matchLabels: podSelector(spec) },
  });
  return {
    serviceAccountName: NAMES.workload,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: settings.gracePeriodSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: settings.runAsUser,
      runAsGroup: settings.runAsUser,
      fsGroup: settings.runAsUser,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: [spread('kubernetes.io/hostname'), spread('topology.kubernetes.io/zone')],
    containers: [container(settings)],
    volumes: [
      // 0440: its group is the process's, and nobody else reads it.
      { name: 'enrollment', secret: { secretName: NAMES.enrollment, defaultMode: 0o440 } },
      { name: 'trust-root', configMap: { name: NAMES.trustRoot, defaultMode: 0o444 } },
      { name: 'tmp', emptyDir: { sizeLimit: TMP_SIZE_MAX } },
    ],
  };
}

/** `configChecksum`: a change of settings or token starts the pods anew, as they read them at their start only. */
export function deployment(
  spec: DedicatedHomeSpec,
  settings: ClusterSettings,
  configChecksum: string,
): KubernetesObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: homeMetadata(spec, NAMES.workload),
    spec: {
      replicas: spec.replicas,
      revisionHistoryLimit: 3,
      progressDeadlineSeconds: 600,
      selector: { matchLabels: podSelector(spec) },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: {
        metadata: { labels: podLabels(spec), annotations: { [ANNOTATIONS.configChecksum]: configChecksum } },
        spec: podSpec(spec, settings),
      },
    },
  };
}
