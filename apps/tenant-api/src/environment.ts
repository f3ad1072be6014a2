import { parseHomeId, parseRegionCode } from '@biplane/kernel';
import {
  EnvironmentError,
  kafkaVariables,
  postgresUrl,
  serviceVariables,
  variable,
  type EnvironmentOf,
} from '@biplane/service-kit';

const homeId = variable.text({
  help: 'UUID of this home, in lower case; names the home database, the roles and the queues',
  pattern: /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
  example: '01990000-0000-7000-8000-000000000001',
});

/** What the service reads; nothing else reads the environment. */
export const environmentSpec = {
  ...serviceVariables,
  ...kafkaVariables,
  INTERNAL_PORT: variable.port({
    help: 'Port of the internal listener, which alone serves /internal',
    example: '8081',
  }),
  HOME_ID: homeId,
  HOME_KIND: variable.oneOf(['shared', 'dedicated'], { help: "A region's shared pool, or one deployment's own home" }),
  REGION: variable.text({ help: 'Region of this home', pattern: /^[a-z](?:-?[a-z0-9]){0,31}$/, example: 'eu-1' }),
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
  REDIS_PREFIX: variable.text({
    help: 'bp:<HOME_ID as 32 hex digits>: keeps the queues of homes apart; any other value is refused',
    pattern: /^bp:[0-9a-f]{32}:$/,
    example: 'bp:01990000000070008000000000000001:',
  }),
  ROOT_KEY_FILE: variable.text({ help: 'JSON file {kid, publicJwk} of the trust root', example: './root.pub.json' }),
} as const;

export type TenantEnvironment = EnvironmentOf<typeof environmentSpec>;

/** Injection token of the loaded environment. */
export const ENVIRONMENT = Symbol('ENVIRONMENT');

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
export function checkEnvironment(environment: TenantEnvironment): void {
  const mistakes: string[] = [];
  if (!parseHomeId(environment.HOME_ID).ok) mistakes.push('HOME_ID must be a UUID');
  if (!parseRegionCode(environment.REGION).ok) mistakes.push('REGION must be a region code');
  const prefix = redisPrefix(environment.HOME_ID);
  if (environment.REDIS_PREFIX !== prefix) {
    mistakes.push('REDIS_PREFIX must be bp:<HOME_ID as 32 hex digits>: so that no two homes share a queue');
  }
  if (mistakes.length > 0) throw new EnvironmentError(mistakes);
}

/** Fixed length and closed by a colon: no home's prefix can be the beginning of another's. */
export function redisPrefix(home: string): string {
  return `bp:${home.replaceAll('-', '')}:`;
}
