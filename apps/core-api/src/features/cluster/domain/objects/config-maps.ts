import type { ClusterSettings } from '../cluster-settings.js';
import type { DedicatedHomeSpec } from '../dedicated-home-spec.js';
import type { KubernetesObject } from '../kubernetes-object.js';
import { homeMetadata } from '../labels.js';
import { NAMES } from '../names.js';

export const ROOT_KEY = 'root.pub.json';

/** What the home reads from its environment: nothing of it is secret. */
export function environmentOf(spec: DedicatedHomeSpec, settings: ClusterSettings): Readonly<Record<string, string>> {
  return {
    NODE_ENV: 'production',
    LOG_LEVEL: settings.logLevel,
    HOME_ID: spec.homeId,
    HOME_KIND: 'dedicated',
    DEPLOYMENT_ID: spec.deploymentId,
    REGION: spec.region,
    REDIS_PREFIX: `bp:${spec.homeId.replaceAll('-', '')}:`,
    KAFKA_BROKERS: settings.kafkaBrokers.join(','),
    ENROLLMENT_URL: settings.enrollmentUrl,
    HTTP_PORT: String(settings.httpPort),
    INTERNAL_PORT: String(settings.internalPort),
    ...(settings.trustedProxies.length > 0 && { TRUSTED_PROXIES: settings.trustedProxies.join(',') }),
    ...settings.extraEnv,
  };
}

export function settingsConfigMap(spec: DedicatedHomeSpec, settings: ClusterSettings): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: homeMetadata(spec, NAMES.settings),
    data: environmentOf(spec, settings),
  };
}

/** The public key of the trust root, as a file. */
export function trustRootConfigMap(spec: DedicatedHomeSpec, settings: ClusterSettings): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: homeMetadata(spec, NAMES.trustRoot),
    data: { [ROOT_KEY]: settings.rootKey },
  };
}
