import { canonicalJson } from '@biplane/kernel';
import type { ClusterSettings } from './cluster-settings.js';
import type { DedicatedHomeSpec } from './dedicated-home-spec.js';
import type { KubernetesObject } from './kubernetes-object.js';
import { isHostName } from './names.js';
import { environmentOf, settingsConfigMap, trustRootConfigMap } from './objects/config-maps.js';
import { deployment } from './objects/deployment.js';
import { disruptionBudget } from './objects/disruption-budget.js';
import { httpRoute } from './objects/http-route.js';
import { ingress } from './objects/ingress.js';
import { namespace } from './objects/namespace.js';
import { defaultDeny, homeTraffic } from './objects/network-policies.js';
import { limitRange, resourceQuota } from './objects/quota.js';
import { secret } from './objects/secret.js';
import { internalService, service } from './objects/service.js';
import { serviceAccount } from './objects/service-account.js';

/** All objects of one home, in the order in which they are applied. `digest` gives the SHA-256 of a text in hex. */
export function buildObjects(
  spec: DedicatedHomeSpec,
  settings: ClusterSettings,
  digest: (text: string) => string,
): readonly KubernetesObject[] {
  if (!isHostName(spec.host)) throw new Error(`${spec.host} is not a host name`);
  if (!Number.isInteger(spec.replicas) || spec.replicas < 0 || spec.replicas > settings.replicasMax)
    throw new Error(`A home has from 0 to ${settings.replicasMax} replicas`);
  const checksum = digest(
    canonicalJson({
      environment: environmentOf(spec, settings),
      rootKey: settings.rootKey,
      token: digest(spec.enrollmentToken),
    }),
  );
  return [
    namespace(spec),
    resourceQuota(spec, settings),
    limitRange(spec, settings),
    defaultDeny(spec),
    homeTraffic(spec, settings),
    serviceAccount(spec),
    secret(spec),
    settingsConfigMap(spec, settings),
    trustRootConfigMap(spec, settings),
    service(spec),
    ...(settings.internalPeers.length > 0 ? [internalService(spec, settings)] : []),
    disruptionBudget(spec),
    deployment(spec, settings, checksum),
    settings.route.kind === 'ingress' ? ingress(spec, settings.route) : httpRoute(spec, settings.route),
  ];
}

const HIDDEN = '(redacted)';

/** For people: the values of Secrets are left out. */
export function redacted(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret') return object;
  const data = Object.keys((object['data'] ?? {}) as Record<string, string>);
  return { ...object, data: Object.fromEntries(data.map((key) => [key, HIDDEN])) };
}
