import { Module, type DynamicModule } from '@nestjs/common';
import {
  createTokenKey,
  DatabaseModule,
  defaultInstanceId,
  EnvironmentError,
  ServiceKitModule,
} from '@biplane/service-kit';
import { createCoreClient } from './database.js';
import { AuditWritingModule } from './features/audit/index.js';
import { kubernetesGateway } from './features/cluster/cluster.gateway.js';
import { loadClusterSettings, RecordingCluster, type ClusterGateway } from './features/cluster/index.js';
import { ReconcilerModule, type ReconcilerSettings } from './features/reconciler/index.js';
import type { ReconcilerEnvironment } from './reconciler-environment.js';
import { SERVICE_VERSION } from './version.js';

/** The process beside core-api that alone talks to the cluster: its queue, its observations and nothing else. */
@Module({})
export class ReconcilerAppModule {
  static forRoot(environment: ReconcilerEnvironment, gateway: ClusterGateway = gatewayOf(environment)): DynamicModule {
    return {
      module: ReconcilerAppModule,
      imports: [
        ServiceKitModule.forRoot({
          service: {
            name: 'reconciler',
            version: SERVICE_VERSION,
            instanceId: environment.INSTANCE_ID ?? defaultInstanceId(),
          },
          nodeEnv: environment.NODE_ENV,
          logLevel: environment.LOG_LEVEL,
          clockFile: environment.CLOCK_FILE,
          fieldKeysFile: environment.FIELD_KEYS_FILE,
          // Health, metrics and version are all that it serves, to nobody by name: there is no client, and no token holds.
          auth: { issuer: 'biplane-reconciler', clientsFile: { text: '[]' }, tokenKeyFile: { text: createTokenKey() } },
        }),
        DatabaseModule.forRoot({
          url: environment.CORE_DATABASE_URL,
          clientFactory: createCoreClient,
          applicationName: 'reconciler',
        }),
        AuditWritingModule,
        ReconcilerModule.forRoot(gateway, settingsOf(environment)),
      ],
    };
  }
}

function gatewayOf({ CLUSTER, CLUSTER_FOLDER, KUBECONFIG }: ReconcilerEnvironment): ClusterGateway {
  if (CLUSTER === 'recording') {
    if (CLUSTER_FOLDER === undefined) throw new EnvironmentError(['CLUSTER_FOLDER is missing: CLUSTER is recording']);
    return new RecordingCluster(CLUSTER_FOLDER);
  }
  // A call is given up early: the home is looked at again, and another one meanwhile.
  const policy = { callTimeoutMs: 10_000, attemptsMax: 4, budgetMs: 15_000, pauseBaseMs: 100, pauseMsMax: 5_000 };
  return kubernetesGateway({ kubeconfig: KUBECONFIG, policy });
}

function settingsOf(environment: ReconcilerEnvironment): ReconcilerSettings {
  const byRegion = loadClusterSettings(environment.CLUSTER_SETTINGS_FILE);
  const regions = environment.RECONCILER_REGIONS ?? [...byRegion.keys()];
  const unknown = regions.filter((region) => !new Map<string, unknown>(byRegion).has(region));
  if (unknown.length > 0) {
    throw new EnvironmentError([`CLUSTER_SETTINGS_FILE has no settings for ${unknown.join(', ')}`]);
  }
  return { platform: environment.PLATFORM, regions, settingsOf: byRegion };
}

export const RECONCILER_DOCS = {
  title: 'Biplane reconciler',
  description: 'Brings the dedicated homes of its regions to what they shall be. Health and metrics only.',
  version: SERVICE_VERSION,
} as const;
