import { parseFaultPoints } from './fault-points.js';
import { trustedProxies } from './trusted-proxies.js';
import { list, oneOf, optional, port, text, url, type Variable } from './variables.js';

const faultPoints: Variable<string> = {
  ...text({
    help: 'Points at which the process kills itself, for kill tests: name or name:hit, comma-separated',
    example: 'after_commit_before_publish:2',
    refusedInProduction: true,
  }),
  parse: (raw) => (parseFaultPoints(raw) === null ? { mistake: 'must be a list of name or name:hit' } : { value: raw }),
};

/** What every service reads: spread it into the app's spec. */
export const serviceVariables = {
  NODE_ENV: oneOf(['development', 'test', 'production'], {
    help: 'production refuses every aid of demos and tests',
    default: 'production',
    example: 'production',
  }),
  HOST: text({ help: 'Address to listen on', default: '0.0.0.0', example: '0.0.0.0' }),
  HTTP_PORT: port({ help: 'Port of the HTTP listener; 0 takes a free one', example: '8080' }),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], {
    help: 'Lowest level that is logged',
    default: 'info',
    example: 'info',
  }),
  INSTANCE_ID: optional(
    text({
      help: 'Name of this process among its replicas; the host name and process id when unset',
      pattern: /^[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?$/,
      example: 'core-api-0',
    }),
  ),
  CLIENTS_FILE: text({
    help: 'JSON file of the API clients: id, secretHash, scopes, regions',
    example: './clients.json',
  }),
  TOKEN_KEY_FILE: text({
    help: 'PEM file of the EC P-256 private key that signs access tokens',
    example: './token.pem',
  }),
  FIELD_KEYS_FILE: text({ help: 'JSON file of the field encryption keys, by version', example: './field-keys.json' }),
  CLOCK_FILE: optional(
    text({
      help: 'JSON file {"offsetMs": n} that moves the time of demos and tests',
      example: './clock.json',
      refusedInProduction: true,
    }),
  ),
  FAULT_POINTS: optional(faultPoints),
} as const;

/** What every service reads that clients reach from outside. */
export const proxyVariables = { TRUSTED_PROXIES: trustedProxies } as const;

/** What every process that talks to Kafka reads. */
export const kafkaVariables = {
  KAFKA_BROKERS: list({ help: 'Kafka brokers', example: 'localhost:9092', pattern: /^[^\s,:]+:[0-9]{1,5}$/ }),
  KAFKA_USERNAME: text({ help: 'Kafka user (SASL PLAIN)', example: 'core' }),
  KAFKA_PASSWORD: text({ help: 'Password of the Kafka user', secret: true, example: 'change-me' }),
} as const;

/** A PostgreSQL URL. */
export function postgresUrl(help: string): Variable<string> {
  return url({
    help,
    protocols: ['postgresql', 'postgres'],
    secret: true,
    example: 'postgresql://user:password@localhost:5432/database',
  });
}
