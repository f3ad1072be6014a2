import { postgresUrl, serviceVariables, variable, type EnvironmentOf } from '@biplane/service-kit';
import { PLATFORM_NAME } from './environment.js';

const { CLIENTS_FILE: _clients, TOKEN_KEY_FILE: _tokenKey, ...ownVariables } = serviceVariables;

/** What the reconciler reads: it serves no API, so that it knows no clients; it alone is given a cluster. */
export const reconcilerEnvironmentSpec = {
  ...ownVariables,
  CORE_DATABASE_URL: postgresUrl('Core database, as its runtime role'),
  CLUSTER: variable.oneOf(['kubernetes', 'recording'], {
    help: 'recording writes the objects as YAML files to CLUSTER_FOLDER and needs no cluster',
    default: 'kubernetes',
    example: 'kubernetes',
  }),
  CLUSTER_SETTINGS_FILE: variable.text({
    help: 'JSON file {"regions": {…}}: how the dedicated homes of each region are run',
    example: './cluster-settings.json',
  }),
  KUBECONFIG: variable.optional(
    variable.text({
      help: "Cluster and its credentials; unset: the pod's own service account",
      example: './kubeconfig',
    }),
  ),
  CLUSTER_FOLDER: variable.optional(
    variable.text({
      help: 'Where CLUSTER=recording writes',
      example: './cluster',
      refusedInProduction: true,
    }),
  ),
  PLATFORM: variable.text({
    help: 'Name of this installation: all that it lists, sweeps or deletes in the cluster carries it as a label',
    example: 'production',
    pattern: PLATFORM_NAME,
  }),
  RECONCILER_REGIONS: variable.optional(
    variable.list({
      help: 'Regions whose homes stand in this cluster; all of CLUSTER_SETTINGS_FILE when unset',
      example: 'eu-1',
      pattern: /^[a-z](?:-?[a-z0-9]){0,31}$/,
    }),
  ),
} as const;

export type ReconcilerEnvironment = EnvironmentOf<typeof reconcilerEnvironmentSpec>;
