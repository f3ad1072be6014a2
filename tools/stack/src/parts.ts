import { randomBytes } from 'node:crypto';
import { startKafka, kafkaUserNames, type KafkaPart } from './kafka.js';
import type { PartContext } from './part.js';
import { startPostgres, type PostgresPart } from './postgres.js';
import { startRedis, type RedisPart } from './redis.js';

export interface Parts {
  postgres: PostgresPart;
  kafka: KafkaPart;
  redis: RedisPart;
  stop(): Promise<void>;
}

/** Fills in a random password for every user that has none yet. URL- and JAAS-safe. */
export function completePasswords(known: Record<string, string>, regions: string[]): Record<string, string> {
  const names = ['postgres', 'redis', ...kafkaUserNames(regions).map((name) => `kafka-${name}`)];
  const complete = { ...known };
  for (const name of names) complete[name] ??= randomBytes(18).toString('base64url');
  return complete;
}

/** Starts the three servers at once; when one fails, stops the others and says which one and why. */
export async function startParts(
  context: PartContext,
  regions: string[],
  step: <T>(title: string, work: () => Promise<T>) => Promise<T>,
): Promise<Parts> {
  const results = await Promise.allSettled([
    step('PostgreSQL', () => startPostgres(context)),
    step('Kafka, with users and access rules', () => startKafka(context, regions)),
    step('Redis', () => startRedis(context)),
  ] as const);
  const [postgres, kafka, redis] = results;
  if (postgres.status === 'rejected' || kafka.status === 'rejected' || redis.status === 'rejected') {
    await stopAll(results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])));
    throw results.find((result) => result.status === 'rejected')?.reason;
  }
  const parts = { postgres: postgres.value, kafka: kafka.value, redis: redis.value };
  return { ...parts, stop: () => stopAll(Object.values(parts)) };
}

async function stopAll(parts: { external: boolean; stop(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(parts.filter((part) => !part.external).map((part) => part.stop()));
}

/** What integration suites read. */
export function testEnvironment(parts: Parts): Record<string, string> {
  return {
    TEST_POSTGRES_URL: parts.postgres.url,
    TEST_KAFKA_BROKERS: parts.kafka.brokers.join(','),
    TEST_KAFKA_USERS: JSON.stringify(parts.kafka.users),
    TEST_REDIS_URL: parts.redis.url,
  };
}
