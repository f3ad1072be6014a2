import { SystemClock } from '@biplane/service-kit';
import { KafkaBroker, OutboxRelay, type KafkaConnection } from '../index.js';

/** One relay in a process of its own, for suites that kill it. */
const { databaseUrl, connection } = JSON.parse(process.argv.at(-1) ?? '') as {
  databaseUrl: string;
  connection: KafkaConnection;
};
const relay = new OutboxRelay({
  databaseUrl,
  producer: new KafkaBroker(connection).producer(),
  clock: new SystemClock(),
});
relay.start();
