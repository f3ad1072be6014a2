import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DatabaseSpec, ProvisionerSpec } from './databases.js';
import { withLogin } from './databases.js';
import type { Parts } from './parts.js';
import { homeIdOf, passwordOf, type StackMemory } from './secrets.js';
import type { ServiceSpec } from './services.js';

/** One entry file that runs to its end before the services start. */
export interface TaskSpec {
  title: string;
  app: string;
  file: string;
  environment: Record<string, string>;
}

export interface Plan {
  databases: DatabaseSpec[];
  provisioners: ProvisionerSpec[];
  tasks: TaskSpec[];
  services: ServiceSpec[];
}

export interface PlanInput {
  parts: Parts;
  memory: StackMemory;
  /** Regions with topics and access rules. */
  regions: string[];
  /** Regions of which this stack runs the shared pool. */
  homes: string[];
  privateFolder: string;
  /** Of a cluster for dedicated homes; without one they are recorded as files, which tools/cluster runs. */
  kubeconfig?: string | undefined;
  /** CLIENTS_FILE and the other secret files, by service. */
  secretFiles: Record<string, Record<string, string>>;
}

export function homeServiceName(region: string): string {
  return `tenant-api-${region}`;
}

export function clockFile(privateFolder: string): string {
  return path.join(privateFolder, 'clock.json');
}

export function issuerFile(privateFolder: string): string {
  return path.join(privateFolder, 'issuer.json');
}

/** Where the stack's mail goes: one `.eml` each. */
export function mailFolder(privateFolder: string): string {
  return path.join(privateFolder, 'mail');
}

export function rootKeyFile(privateFolder: string): string {
  return path.join(privateFolder, 'root.pub.json');
}

/** How dedicated homes are run; written when the addresses of the pools are known. */
export function clusterSettingsFile(privateFolder: string): string {
  return path.join(privateFolder, 'cluster-settings.json');
}

/** Where the objects of dedicated homes are recorded when there is no cluster. */
export function clusterFolder(privateFolder: string): string {
  return path.join(privateFolder, 'recorded-cluster');
}

/** Which databases, tasks and services a stack consists of, and in which environment each runs. */
export function planStack(input: PlanInput): Plan {
  const core = planCore(input);
  const homes = input.homes.map((region) => planHome(input, region));
  const topics: TaskSpec = {
    title: 'topics and access rules',
    app: 'core-api',
    file: 'topics.main.js',
    environment: { ...common(input), ...kafka(input, 'topics'), REGIONS: input.regions.join(',') },
  };
  return {
    databases: [core.database, ...homes.map((home) => home.database)],
    provisioners: homes.map((home) => home.provisioner),
    tasks: [core.migration, topics, ...homes.map((home) => home.migration)],
    services: [core.service, ...homes.map((home) => home.service), planReconciler(input, core.service)],
  };
}

function planCore(input: PlanInput): { database: DatabaseSpec; migration: TaskSpec; service: ServiceSpec } {
  const database = databaseOf(input.memory, 'biplane_core');
  const environment = {
    ...common(input),
    ...kafka(input, 'core'),
    ...input.secretFiles['core-api'],
    CORE_DATABASE_URL: runtimeUrl(input, database),
    REGIONS: input.regions.join(','),
    ISSUER_FILE: issuerFile(input.privateFolder),
    MAIL_URL: pathToFileURL(mailFolder(input.privateFolder)).href,
    MAIL_FROM: 'billing@biplane.example',
  };
  return {
    database,
    migration: {
      title: "core-api's migrations",
      app: 'core-api',
      file: 'migrate.main.js',
      environment: {
        ...environment,
        CORE_MIGRATION_DATABASE_URL: ownerUrl(input, database),
        RUNTIME_ROLE: database.runtime,
      },
    },
    service: { name: 'core-api', app: 'core-api', internal: false, environment },
  };
}

/** The only process that may change the cluster: core-api's database and keys, and nothing else of it. */
function planReconciler(input: PlanInput, core: ServiceSpec): ServiceSpec {
  const taken = ['CORE_DATABASE_URL', 'FIELD_KEYS_FILE'];
  const environment = {
    ...common(input),
    ...Object.fromEntries(taken.map((name) => [name, core.environment[name] ?? ''])),
    PLATFORM: 'local',
    CLUSTER_SETTINGS_FILE: clusterSettingsFile(input.privateFolder),
    ...(input.kubeconfig === undefined
      ? { CLUSTER: 'recording', CLUSTER_FOLDER: clusterFolder(input.privateFolder) }
      : { CLUSTER: 'kubernetes', KUBECONFIG: input.kubeconfig }),
  };
  return { name: 'reconciler', app: 'core-api', file: 'reconciler.main.js', internal: false, environment };
}

function planHome(
  input: PlanInput,
  region: string,
): { database: DatabaseSpec; provisioner: ProvisionerSpec; migration: TaskSpec; service: ServiceSpec } {
  const homeId = homeIdOf(input.memory, region);
  const hex = homeId.replaceAll('-', '');
  const name = homeServiceName(region);
  const database = databaseOf(input.memory, `home_${hex}`);
  const provisioner = {
    role: `provisioner_${hex}`,
    password: passwordOf(input.memory, `pg-provisioner_${hex}`),
  };
  const environment = {
    ...common(input),
    ...kafka(input, `home-${region}`),
    ...input.secretFiles[name],
    HOME_ID: homeId,
    HOME_KIND: 'shared',
    REGION: region,
    HOME_DATABASE_URL: runtimeUrl(input, database),
    PROVISIONER_DATABASE_URL: withLogin(input.parts.postgres.url, provisioner.role, provisioner.password),
    REDIS_URL: input.parts.redis.url,
    REDIS_PREFIX: `bp:${hex}:`,
    MAIL_URL: pathToFileURL(mailFolder(input.privateFolder)).href,
    MAIL_FROM: 'statements@biplane.example',
    ROOT_KEY_FILE: rootKeyFile(input.privateFolder),
  };
  return {
    database,
    provisioner,
    migration: {
      title: `${name}'s migrations and template`,
      app: 'tenant-api',
      file: 'migrate.main.js',
      environment: {
        ...environment,
        HOME_MIGRATION_DATABASE_URL: ownerUrl(input, database),
        RUNTIME_ROLE: database.runtime,
      },
    },
    service: { name, app: 'tenant-api', internal: true, environment },
  };
}

function common(input: PlanInput): Record<string, string> {
  return {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    CLOCK_FILE: clockFile(input.privateFolder),
  };
}

function kafka(input: PlanInput, user: string): Record<string, string> {
  const password = input.parts.kafka.users[user];
  if (password === undefined) throw new Error(`Kafka has no user ${user}`);
  return { KAFKA_BROKERS: input.parts.kafka.brokers.join(','), KAFKA_USERNAME: user, KAFKA_PASSWORD: password };
}

function databaseOf(memory: StackMemory, database: string): DatabaseSpec {
  const owner = `${database}_owner`;
  return {
    database,
    owner,
    ownerPassword: passwordOf(memory, `pg-${owner}`),
    runtime: database,
    runtimePassword: passwordOf(memory, `pg-${database}`),
  };
}

function runtimeUrl(input: PlanInput, spec: DatabaseSpec): string {
  return withLogin(input.parts.postgres.url, spec.runtime, spec.runtimePassword, spec.database);
}

function ownerUrl(input: PlanInput, spec: DatabaseSpec): string {
  return withLogin(input.parts.postgres.url, spec.owner, spec.ownerPassword, spec.database);
}
