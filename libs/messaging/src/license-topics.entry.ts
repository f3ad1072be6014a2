// What a reader of license topics needs, and no more: neither the outbox nor the database under it comes along into the services
// that install libs/license-gate.
export type { Broker, BrokerRecord, HeaderValue } from './port.js';
export { type KafkaConnection } from './kafka/kafka-client.js';
export { KafkaBroker } from './kafka/kafka-broker.js';
export { LicenseTopicReader, type LicenseTopicReaderOptions } from './consume/license-topic-reader.js';
