export {
  headersText,
  type BatchOutcome,
  type Broker,
  type BrokerBatch,
  type BrokerConsumer,
  type BrokerMessage,
  type BrokerProducer,
  type BrokerRecord,
  type ConsumerEvent,
  type ConsumerOptions,
  type HeaderValue,
  type PartitionMarks,
} from './port.js';
export { OutboxErrors, PermanentRecordError, TopicConfigurationError } from './messaging.errors.js';
export { ConsumerMetrics, RelayMetrics } from './messaging-metrics.js';
export { type KafkaConnection } from './kafka/kafka-client.js';
export { KafkaBroker } from './kafka/kafka-broker.js';
export { KafkaAdmin } from './kafka/kafka-admin.js';
export { Outbox, type OutboundRecord, type OutboxOptions } from './outbox/outbox.js';
export { OutboxRelay, type OutboxRelayOptions } from './outbox/outbox-relay.js';
export { eventRecord, tombstone, type EventRecordInput } from './event-record.js';
export { parseEvent, type ConsumedBatch, type ConsumedRecord, type ParseRecord } from './consume/consumed-batch.js';
export { connectKafka, KafkaTransport, type KafkaTransportOptions } from './consume/kafka-transport.js';
export { LicenseTopicReader, type LicenseTopicReaderOptions } from './consume/license-topic-reader.js';
export { ConsumerHealth } from './consume/consumer-health.js';
export { BROKER, MessagingModule, type MessagingOptions } from './messaging.module.js';
