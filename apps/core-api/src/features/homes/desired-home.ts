import type { DeploymentId, HomeId, RegionCode, TenantId } from '@biplane/kernel';
import { desiredObjects, type ClusterSettings, type KubernetesObject } from '../cluster/index.js';
import type { DedicatedHome } from './domain/home.js';

/** The objects of a home that is wanted. Throws when they cannot be built, for example of a URL that is no host's. */
export function objectsOf(
  home: DedicatedHome,
  enrollmentToken: string,
  platform: string,
  settings: ClusterSettings,
): readonly KubernetesObject[] {
  const { tenantId, deploymentId, homeId, region, epoch, tenantSlug, deploymentSlug, url, modules, suspendedAt } = home;
  return desiredObjects(
    {
      platform,
      tenantId: tenantId as TenantId,
      deploymentId: deploymentId as DeploymentId,
      homeId: homeId as HomeId,
      region: region as RegionCode,
      epoch,
      tenantSlug,
      deploymentSlug,
      host: new URL(url).hostname,
      enrollmentToken,
      modules,
      suspendedAt,
      replicas: home.desired === 'stopped' ? 0 : settings.replicas,
    },
    settings,
  );
}
