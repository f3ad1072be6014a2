import { Inject, Injectable, type Provider } from '@nestjs/common';
import { EnvironmentError, type Tx } from '@biplane/service-kit';
import { ENVIRONMENT, type CoreEnvironment } from '../../environment.js';
import { loadClusterSettings, redacted, type ClusterSettings, type KubernetesObject } from '../cluster/index.js';
import { objectsOf } from './desired-home.js';
import { HomesStore } from './homes.store.js';

/** In place of the token of a home, which its cluster alone is given. */
const NO_TOKEN = 'made-when-the-home-is-made';

/** What the reconciler is told of its clusters, as far as this process was told the same. */
interface PlannedClusters {
  readonly platform: string;
  readonly settingsOf: ReadonlyMap<string, ClusterSettings>;
}

const PLANNED_CLUSTERS = Symbol('PLANNED_CLUSTERS');

export const plannedClusters: Provider = {
  provide: PLANNED_CLUSTERS,
  inject: [ENVIRONMENT],
  useFactory: ({ CLUSTER_SETTINGS_FILE, PLATFORM }: CoreEnvironment): PlannedClusters => {
    if (CLUSTER_SETTINGS_FILE === undefined) return { platform: '', settingsOf: new Map() };
    if (PLATFORM === undefined) throw new EnvironmentError(['PLATFORM is missing: CLUSTER_SETTINGS_FILE is set']);
    return { platform: PLATFORM, settingsOf: loadClusterSettings(CLUSTER_SETTINGS_FILE) };
  },
};

/** What a reconciler would apply for a home, by settings alone: no cluster is asked. */
@Injectable()
export class HomePlans {
  constructor(
    private readonly homes: HomesStore,
    @Inject(PLANNED_CLUSTERS) private readonly clusters: PlannedClusters,
  ) {}

  /** In the order in which they would be applied, without their secret; null where the region's settings are not known here. */
  async objects(tx: Tx, homeId: string): Promise<readonly KubernetesObject[] | null> {
    const home = await this.homes.find(tx, homeId);
    if (home === null) throw new Error(`There is no dedicated home ${homeId}`);
    const settings = this.clusters.settingsOf.get(home.region);
    return settings ? objectsOf(home, NO_TOKEN, this.clusters.platform, settings).map(redacted) : null;
  }
}
