export { KafkaFeed, type KafkaFeedOptions } from './kafka/kafka-feed.js';
