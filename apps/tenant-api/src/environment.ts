import { parseHomeId, parseRegionCode } from '@biplane/kernel';
import { mailVariables, type MailEnvironment } from '@biplane/mail';
import {
  EnvironmentError,
  kafkaVariables,
  loadEnv,
  postgresUrl,
  proxyVariables,
  serviceVariables,
  variable,
  type EnvironmentOf,
} from '@biplane/service-kit';
import type { EnrollmentAnswer } from './features/enrollment/index.js';
import { redisPrefix } from './redis-prefix.js';

export { redisPrefix } from './redis-prefix.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const homeId = variable.text({
  help: 'UUID of this home, in lower case; names the home database, the roles and the queues',
  pattern: UUID,
  example: '01990000-0000-7000-8000-000000000001',
});

const { CLIENTS_FILE, TOKEN_KEY_FILE, FIELD_KEYS_FILE, ...processVariables } = serviceVariables;
const { KAFKA_BROKERS, ...kafkaLogin } = kafkaVariables;

/** What every home reads. */
const homeVariables = {
  ...processVariables,
  ...proxyVariables,
  KAFKA_BROKERS,
  INTERNAL_PORT: variable.port({
    help: 'Port of the internal listener, which alone serves /internal',
    example: '8081',
  }),
  HOME_ID: homeId,
  HOME_KIND: variable.oneOf(['shared', 'dedicated'], { help: "A region's shared pool, or one deployment's own home" }),
  REGION: variable.text({ help: 'Region of this home', pattern: /^[a-z](?:-?[a-z0-9]){0,31}$/, example: 'eu-1' }),
  REDIS_PREFIX: variable.text({
    help: 'bp:<HOME_ID as 32 hex digits>: keeps the queues of homes apart; any other value is refused',
    pattern: /^bp:[0-9a-f]{32}:$/,
    example: 'bp:01990000000070008000000000000001:',
  }),
  OIDC_TEST_HOSTS: variable.optional(
    variable.list({
      help: "Hosts of demos and tests whose members' identity providers may answer by plain HTTP and at private addresses",
      example: '127.0.0.1',
      pattern: /^[a-z0-9.:-]{1,253}$/,
      refusedInProduction: true,
    }),
  ),
  ROOT_KEY_FILE: variable.text({ help: 'JSON file {kid, publicJwk} of the trust root', example: './root.pub.json' }),
} as const;

/** What a region's pool reads; nothing else reads the environment. */
export const environmentSpec = {
  ...homeVariables,
  ...mailVariables,
  ...{ CLIENTS_FILE, TOKEN_KEY_FILE, FIELD_KEYS_FILE },
  ...kafkaLogin,
  HOME_DATABASE_URL: postgresUrl('Home database, as its runtime role'),
  PROVISIONER_DATABASE_URL: postgresUrl(
    'The server of the tenant databases, as the role that may create databases and roles',
  ),
  REDIS_URL: variable.url({
    help: 'Redis of the queues; its maxmemory-policy must be noeviction',
    protocols: ['redis', 'rediss'],
    secret: true,
    example: 'redis://localhost:6379',
  }),
} as const;

/** What a dedicated home reads: everything secret comes from its region's pool, by enrollment, and is not read at all. */
export const dedicatedEnvironmentSpec = {
  ...homeVariables,
  DEPLOYMENT_ID: variable.text({
    help: 'Dedicated homes only: UUID of the deployment that is served here, in lower case',
    pattern: UUID,
    example: '01990000-0000-7000-8000-000000000002',
  }),
  ENROLLMENT_URL: variable.url({
    help: "Dedicated homes only: address of the internal listener of the region's pool",
    protocols: ['http', 'https'],
    example: 'http://tenant-api-internal:8081',
  }),
  ENROLLMENT_TOKEN_FILE: variable.text({
    help: 'Dedicated homes only: file with the token by which the pool knows this home; read again at each try',
    example: './enrollment-token',
  }),
} as const;

export type DedicatedEnvironment = EnvironmentOf<typeof dedicatedEnvironmentSpec>;

/** What the modules are made of, wherever it came from: a pool's environment as it is, a dedicated home's once it is enrolled. */
export interface TenantEnvironment extends EnvironmentOf<typeof homeVariables>, MailEnvironment {
  readonly HOME_DATABASE_URL: string;
  readonly KAFKA_USERNAME: string;
  readonly KAFKA_PASSWORD: string;
  readonly REDIS_URL: string;
  /** Of a pool. */
  readonly PROVISIONER_DATABASE_URL?: string;
  readonly CLIENTS_FILE?: string;
  readonly TOKEN_KEY_FILE?: string;
  readonly FIELD_KEYS_FILE?: string;
  /** Of a dedicated home. */
  readonly dedicated?: { readonly environment: DedicatedEnvironment; readonly enrolled: EnrollmentAnswer };
}

/** Injection token of where mail goes: a pool reads it, a dedicated home is given it. Null where none is sent. */
export const MAIL_SETTINGS = Symbol('MAIL_SETTINGS');

/** Injection token of the loaded environment. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

/** For the generated reference: the variables of both kinds of home. */
export const documentedEnvironmentSpec = { ...environmentSpec, ...dedicatedEnvironmentSpec } as const;

export type LoadedEnvironment =
  | { readonly kind: 'shared'; readonly environment: EnvironmentOf<typeof environmentSpec> }
  | { readonly kind: 'dedicated'; readonly environment: DedicatedEnvironment };

const kindSpec = { HOME_KIND: variable.optional(variable.text({ help: '' })) } as const;

/** Reads what this kind of home reads, and reports all its mistakes at once. */
export function loadHomeEnvironment(source?: Readonly<Record<string, string | undefined>>): LoadedEnvironment {
  if (loadEnv(kindSpec, source).HOME_KIND === 'dedicated') {
    const environment = loadEnv(dedicatedEnvironmentSpec, source);
    checkEnvironment(environment);
    return { kind: 'dedicated', environment };
  }
  const environment = loadEnv(environmentSpec, source);
  checkEnvironment(environment);
  return { kind: 'shared', environment };
}

export const migrationEnvironmentSpec = {
  HOME_ID: homeId,
  HOME_MIGRATION_DATABASE_URL: postgresUrl('Home database, as the role that owns its tables'),
  PROVISIONER_DATABASE_URL: environmentSpec.PROVISIONER_DATABASE_URL,
  RUNTIME_ROLE: variable.text({
    help: 'Role of the running service, which gets its privileges here',
    example: 'home_01990000000070008000000000000001',
    pattern: /^[a-z_][a-z0-9_]{0,62}$/,
  }),
} as const;

/** What no single variable can say. Throws with every mistake. */
export function checkEnvironment(environment: Pick<TenantEnvironment, 'HOME_ID' | 'REGION' | 'REDIS_PREFIX'>): void {
  const mistakes: string[] = [];
  if (!parseHomeId(environment.HOME_ID).ok) mistakes.push('HOME_ID must be a UUID');
  if (!parseRegionCode(environment.REGION).ok) mistakes.push('REGION must be a region code');
  const prefix = redisPrefix(environment.HOME_ID);
  if (environment.REDIS_PREFIX !== prefix) {
    mistakes.push('REDIS_PREFIX must be bp:<HOME_ID as 32 hex digits>: so that no two homes share a queue');
  }
  if (mistakes.length > 0) throw new EnvironmentError(mistakes);
}
