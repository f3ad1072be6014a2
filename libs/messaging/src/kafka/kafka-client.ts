import { Logger } from '@nestjs/common';
import { Kafka, logLevel, type KafkaConfig, type LogEntry } from 'kafkajs';
import { letConnectionsRest } from './resting-connections.js';

export interface KafkaConnection {
  readonly brokers: readonly string[];
  /** Shown in the broker's logs and quotas: `<service>.<instance>`. */
  readonly clientId: string;
  /** SASL PLAIN when given. */
  readonly username?: string;
  readonly password?: string;
  readonly ssl?: boolean;
}

const CONNECTION_TIMEOUT_MS = 3_000;
const AUTHENTICATION_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 8_000;

/**
 * A few tries inside kafkajs only: it cannot ride out an outage (its defaults give up after 9 s and stop for good), so
 * whoever uses it backs off and tries again for ever, and every single call has an end.
 */
export const CLIENT_RETRY = { retries: 2, initialRetryTime: 100, maxRetryTime: 1_000 } as const;

export function kafkaClient(connection: KafkaConnection): Kafka {
  letConnectionsRest();
  const { username, password } = connection;
  const config: KafkaConfig = {
    brokers: [...connection.brokers],
    clientId: connection.clientId,
    ssl: connection.ssl ?? false,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: AUTHENTICATION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: CLIENT_RETRY,
    logLevel: logLevel.WARN,
    logCreator: () => logEntry,
  };
  if (username !== undefined) config.sasl = { mechanism: 'plain', username, password: password ?? '' };
  return new Kafka(config);
}

/** Said at each start, and weighed: see the producer. */
const ADVICE = /Limiting retries for the idempotent producer/;
/** Passing states of a healthy cluster that kafkajs calls errors. */
const ORDINARY =
  /coordinator is loading|coordinator is not available|group is rebalancing|rebalanc|not the leader|no leader for this topic|not aware of this member|not the correct coordinator|has joined the group/i;
const logger = new Logger('Kafka');
const quietMs = 30_000;
const lastLogged = new Map<string, number>();

/** kafkajs logs each try; one line per message and half minute is enough to see that the broker is away. */
function logEntry({ level, namespace, log }: LogEntry): void {
  const detail = typeof log['error'] === 'string' ? ` (${log['error']})` : '';
  const line = `${namespace}: ${log.message}${detail}`;
  if (ADVICE.test(line)) return;
  if (ORDINARY.test(line)) return logger.debug(line);
  const now = performance.now();
  if (now - (lastLogged.get(line) ?? -quietMs) < quietMs) return logger.debug(line);
  if (lastLogged.size > 1_000) lastLogged.clear();
  lastLogged.set(line, now);
  // Never `error`: what matters is reported by the relay, the transport and liveness, which know what it means.
  if (level <= logLevel.WARN) logger.warn(line);
  else logger.debug(line);
}
