import { mailVariables } from '@biplane/mail';
import {
  kafkaVariables,
  postgresUrl,
  proxyVariables,
  serviceVariables,
  variable,
  type EnvironmentOf,
} from '@biplane/service-kit';

/** What installations of one cluster are told apart by: the value of a label. */
export const PLATFORM_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

const regionList = variable.list({
  help: 'Regions that have topics and access rules; a region is described by PUT /regions/{code}',
  example: 'eu-1,us-1',
  pattern: /^[a-z](?:-?[a-z0-9]){0,31}$/,
});

/** What the service reads; nothing else reads the environment. */
export const environmentSpec = {
  ...serviceVariables,
  ...proxyVariables,
  ...kafkaVariables,
  CORE_DATABASE_URL: postgresUrl('Core database, as its runtime role'),
  REGIONS: regionList,
  CONSUMER_GROUP: variable.text({
    help: 'Consumer group of what homes report; a new one reads the topics from their beginning, which changes nothing',
    example: 'core-api.reports',
    default: 'core-api.reports',
    pattern: /^core-api\.[a-z0-9][a-z0-9.-]{0,99}$/,
  }),
  SIGNING_KEYS_FOLDER: variable.optional(
    variable.text({
      help: 'Folder of private license keys, one <kid>.json each, for keys imported with signer "folder"',
      example: '/run/secrets/signing-keys',
    }),
  ),
  KMS_URL: variable.optional(
    variable.url({
      help: 'Key service that signs for keys imported with signer "kms": POST /sign {kid, digest}',
      protocols: ['https', 'http'],
      example: 'https://kms.internal',
    }),
  ),
  KMS_TOKEN_FILE: variable.optional(
    variable.text({ help: 'File with the bearer token for KMS_URL', example: '/run/secrets/kms-token' }),
  ),
  ISSUER_FILE: variable.text({
    help: 'JSON file of the invoice issuer: code, name, address, zone, tax id, how to pay, country (without it nothing is reverse-charged)',
    example: './issuer.json',
  }),
  CLUSTER_SETTINGS_FILE: variable.optional(
    variable.text({
      help: "The reconciler's, for dry runs: without it they do not know what a dedicated home would be made of",
      example: './cluster-settings.json',
    }),
  ),
  PLATFORM: variable.optional(
    variable.text({
      help: "The reconciler's, for dry runs: needed with CLUSTER_SETTINGS_FILE",
      example: 'production',
      pattern: PLATFORM_NAME,
    }),
  ),
  ...mailVariables,
  WEBHOOK_TEST_HOSTS: variable.optional(
    variable.list({
      help: 'Hosts of demos and tests to which webhooks may go by plain HTTP and at private addresses',
      example: '127.0.0.1',
      pattern: /^[a-z0-9.:-]{1,253}$/,
      refusedInProduction: true,
    }),
  ),
} as const;

export type CoreEnvironment = EnvironmentOf<typeof environmentSpec>;

/** Injection token of the loaded environment. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

export const migrationEnvironmentSpec = {
  CORE_MIGRATION_DATABASE_URL: postgresUrl('Core database, as the role that owns its tables'),
  RUNTIME_ROLE: variable.text({
    help: 'Role of the running service, which gets its privileges here',
    example: 'biplane_core',
    pattern: /^[a-z_][a-z0-9_]{0,62}$/,
  }),
} as const;

export const topicsEnvironmentSpec = {
  ...kafkaVariables,
  REGIONS: regionList,
  KAFKA_REPLICATION_FACTOR: variable.integer({
    help: 'Copies of each partition; 3 in production, 1 on a broker of one node',
    min: 1,
    max: 9,
    default: 1,
    example: '3',
  }),
  KAFKA_MIN_IN_SYNC_REPLICAS: variable.integer({
    help: 'Copies that must have a record before it counts as written; 2 in production',
    min: 1,
    max: 9,
    default: 1,
    example: '2',
  }),
} as const;
