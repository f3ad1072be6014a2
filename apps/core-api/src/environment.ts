import { kafkaVariables, list, postgresUrl, serviceVariables, text, type EnvironmentOf } from '@biplane/service-kit';

const regionList = list({
  help: 'Regions that have topics and access rules; a region is described by PUT /regions/{code}',
  example: 'eu-1,us-1',
  pattern: /^[a-z](?:-?[a-z0-9]){0,31}$/,
});

/** What the service reads; nothing else reads the environment. */
export const environmentSpec = {
  ...serviceVariables,
  ...kafkaVariables,
  CORE_DATABASE_URL: postgresUrl('Core database, as its runtime role'),
  REGIONS: regionList,
  ISSUER_FILE: text({
    help: 'JSON file of the invoice issuer: code, name, address, zone, tax id',
    example: './issuer.json',
  }),
} as const;

export type CoreEnvironment = EnvironmentOf<typeof environmentSpec>;

/** Injection token of the loaded environment. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

export const migrationEnvironmentSpec = {
  CORE_MIGRATION_DATABASE_URL: postgresUrl('Core database, as the role that owns its tables'),
  RUNTIME_ROLE: text({
    help: 'Role of the running service, which gets its privileges here',
    example: 'biplane_core',
    pattern: /^[a-z_][a-z0-9_]{0,62}$/,
  }),
} as const;

export const topicsEnvironmentSpec = { ...kafkaVariables, REGIONS: regionList } as const;
