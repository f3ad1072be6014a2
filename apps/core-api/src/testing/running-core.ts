import { createHash, randomBytes, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { groups } from '@biplane/contracts';
import { createKeyPair, exportPublicJwk, signKeyStatement } from '@biplane/licensing';
import { connectKafka, KafkaTransport, type KafkaConnection } from '@biplane/messaging';
import { bootstrap, createTokenKey, hashSecret, type RunningService } from '@biplane/service-kit';
import { AppModule, DOCS } from '../app.module.js';
import type { CoreEnvironment } from '../environment.js';
import { redirectSourcePaths } from '../source-paths.redirects.js';

export interface CoreOptions {
  readonly databaseUrl: string;
  readonly regions: readonly string[];
  /** Without a broker nothing is consumed and the outbox only fills. */
  readonly kafka?: KafkaConnection;
  /** Where the time of the service stands at its start. */
  readonly startAt?: string;
  /** Of another process over the same database, so that both move together: of two times licenses would be signed in turn. */
  readonly clockFile?: string;
  /** Of another process over the same database: without it that one's secrets cannot be read. */
  readonly fieldKey?: string;
  readonly signingKeysFolder?: string;
  readonly kms?: { readonly url: string; readonly token: string };
  /** Further clients, by id, each with its scopes; the secret of each is its id. */
  readonly clients?: Readonly<Record<string, readonly string[]>>;
  /** `silent` unless the suite reads the log. */
  readonly logLevel?: CoreEnvironment['LOG_LEVEL'];
  /** Where webhooks may go besides the open internet. */
  readonly webhookTestHosts?: readonly string[];
  /** MAIL_URL; without it no mail is sent. */
  readonly mailUrl?: string;
  /** As the reconciler has them; without them dry runs do not know what a dedicated home is made of. */
  readonly clusters?: { readonly platform: string; readonly settings: object };
}

export interface RunningCore extends RunningService {
  /** Moves the time of the service. */
  setClock(instant: string): void;
  readonly clockFile: string;
  readonly fieldKey: string;
  /** A pair as the ceremony makes it, and the root that signed its statements. */
  readonly key: {
    readonly kid: string;
    readonly privateJwk: Record<string, unknown>;
    readonly trusted: string;
    readonly revoked: string;
  };
  /** A further pair of the same root. */
  anotherKey(dates?: KeyDates): RunningCore['key'];
  readonly rootPublicKey: KeyObject;
}

/** The whole service in this process, over a database of the test: for suites, which connect real parts to it. */
export async function runCore(options: CoreOptions): Promise<RunningCore> {
  const folder = mkdtempSync(join(tmpdir(), 'core-api-test-'));
  const file = (name: string, content: unknown): string => {
    const path = join(folder, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const clock =
    options.clockFile ??
    file('clock.json', { offsetMs: options.startAt === undefined ? 0 : offsetTo(options.startAt) });
  const fieldKey = options.fieldKey ?? randomBytes(32).toString('base64');
  const environment = {
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    HTTP_PORT: 0,
    LOG_LEVEL: options.logLevel ?? 'silent',
    INSTANCE_ID: `core-test-${randomBytes(4).toString('hex')}`,
    CLOCK_FILE: clock,
    FAULT_POINTS: undefined,
    CLIENTS_FILE: file(
      'clients.json',
      await clientsOf({ admin: ['platform:admin', 'platform:read', 'billing:write'], ...options.clients }),
    ),
    TOKEN_KEY_FILE: file('token.pem', createTokenKey()),
    FIELD_KEYS_FILE: file('field-keys.json', { current: 1, keys: { 1: fieldKey } }),
    SIGNING_KEYS_FOLDER: options.signingKeysFolder,
    KMS_URL: options.kms?.url,
    KMS_TOKEN_FILE: options.kms && file('kms-token', options.kms.token),
    ISSUER_FILE: file('issuer.json', {
      code: 'BP',
      name: 'Biplane',
      address: ['1 Runway Road'],
      timeZone: 'UTC',
      taxId: null,
    }),
    CORE_DATABASE_URL: options.databaseUrl,
    REGIONS: options.regions,
    // kafkajs shares the topics of all members out among all of them: suites that share a broker share no group.
    CONSUMER_GROUP: groups.coreConsumer(options.regions[0]!),
    WEBHOOK_TEST_HOSTS: options.webhookTestHosts,
    CLUSTER_SETTINGS_FILE: options.clusters && file('cluster-settings.json', options.clusters.settings),
    PLATFORM: options.clusters?.platform,
    MAIL_URL: options.mailUrl,
    MAIL_FROM: options.mailUrl && 'billing@biplane.example',
    KAFKA_BROKERS: options.kafka?.brokers ?? ['127.0.0.1:1'],
    KAFKA_USERNAME: options.kafka?.username ?? 'core',
    KAFKA_PASSWORD: options.kafka?.password ?? 'none',
  } as CoreEnvironment;
  const service = await bootstrap({
    module: AppModule.forRoot(environment),
    host: environment.HOST,
    port: 0,
    docs: DOCS,
    handleSignals: false,
    beforeListen: async (app) => {
      redirectSourcePaths(app);
      if (!options.kafka) return;
      connectKafka(app, app.get(KafkaTransport));
      await app.startAllMicroservices();
    },
  });
  const root = createKeyPair();
  return {
    ...service,
    fieldKey,
    clockFile: clock,
    rootPublicKey: root.publicKey,
    key: ceremonyKey(root.privateKey),
    anotherKey: (dates) => ceremonyKey(root.privateKey, dates),
    setClock: (instant) => writeFileSync(clock, JSON.stringify({ offsetMs: offsetTo(instant) })),
    close: async () => {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function offsetTo(instant: string): number {
  // eslint-disable-next-line biplane/clock-only -- the offset of a CLOCK_FILE is measured from the wall clock
  return Date.parse(instant) - Date.now();
}

interface KeyDates {
  readonly notBefore?: string;
  readonly notAfter?: string;
}

export function ceremonyKey(
  rootPrivateKey: KeyObject,
  { notBefore = '2020-01-01T00:00:00.000Z', notAfter = '2040-01-01T00:00:00.000Z' }: KeyDates = {},
): RunningCore['key'] {
  const pair = createKeyPair();
  const jwk = exportPublicJwk(pair.publicKey);
  const kid = `test-${createHash('sha256').update(jwk.x).digest('hex').slice(0, 12)}`;
  const say = (state: 'trusted' | 'revoked') =>
    signKeyStatement({ kid, jwk, notBefore, notAfter, state }, rootPrivateKey);
  const privateJwk = { ...jwk, d: pair.privateKey.export({ format: 'jwk' }).d };
  return { kid, privateJwk, trusted: say('trusted'), revoked: say('revoked') };
}

async function clientsOf(clients: Readonly<Record<string, readonly string[]>>): Promise<unknown[]> {
  return Promise.all(
    Object.entries(clients).map(async ([id, scopes]) => ({
      id,
      secretHash: await hashSecret(id),
      scopes,
      regions: null,
    })),
  );
}
