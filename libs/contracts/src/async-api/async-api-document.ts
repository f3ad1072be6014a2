import { openedSchema, PLATFORM_EVENT_TYPES, platformEventSchemas } from '../events/platform-events.js';
import { recordSchemas, type RecordName } from '../records/records.js';
import { recordTypes } from '../records/record-types.js';
import { accessRules } from '../topics/access-rules.js';
import { topicDefinitions } from '../topics/topic-definitions.js';
import { topicRecords, topics } from '../topics/topics.js';

interface Channel {
  readonly topic: string;
  readonly description: string;
  readonly key: string;
  /** Names of messages. */
  readonly records: readonly string[];
}

function channelsOf(regions: readonly string[]): Channel[] {
  return [
    {
      topic: topics.keys,
      description: 'Down: what the trust root says of signing keys',
      key: 'kid',
      records: topicRecords.keys,
    },
    {
      topic: topics.events,
      description: 'Out: what third parties may know',
      key: 'tenantId, or the code of the plan',
      records: PLATFORM_EVENT_TYPES,
    },
    ...regions.flatMap((region): Channel[] => [
      {
        topic: topics.issued(region),
        description: 'Down: signed licenses',
        key: 'deploymentId',
        records: topicRecords.issued,
      },
      {
        topic: topics.applied(region),
        description: 'Up: what homes enforce',
        key: 'deploymentId or instanceId',
        records: topicRecords.applied,
      },
      {
        topic: topics.usage(region),
        description: 'Up: what was used',
        key: 'deploymentId or homeId',
        records: topicRecords.usage,
      },
    ]),
  ];
}

/** The AsyncAPI 3.0 document of the wire, from the same definitions that create the topics and check the records. */
export function asyncApiDocument(regions: readonly string[]): Record<string, unknown> {
  const definitions = new Map(
    topicDefinitions(regions, { replicationFactor: 3, minInSyncReplicas: 2 }).map((each) => [each.name, each]),
  );
  const rules = accessRules(regions);
  const usersWith = (topic: string, operation: 'READ' | 'WRITE') =>
    rules.filter((rule) => rule.name === topic && rule.operations.includes(operation)).map(({ user }) => user);
  const channels = channelsOf(regions).map(({ topic, description, key, records }) => [
    topic,
    {
      address: topic,
      description,
      messages: Object.fromEntries(records.map((name) => [name, { $ref: `#/components/messages/${name}` }])),
      'x-key': key,
      'x-writers': usersWith(topic, 'WRITE'),
      'x-readers': usersWith(topic, 'READ'),
      bindings: {
        kafka: { topic, partitions: definitions.get(topic)?.partitions, topicConfiguration: configuration(topic) },
      },
    },
  ]);
  function configuration(topic: string) {
    const definition = definitions.get(topic);
    return {
      'cleanup.policy': [definition?.cleanup],
      ...(definition?.retentionMs != null && { 'retention.ms': definition.retentionMs }),
    };
  }
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Biplane: the records between the planes, and the events for the outside',
      version: '1.0.0',
      description: 'CloudEvents 1.0 in Kafka binary mode. Generated from libs/contracts.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(channels),
    components: { messages: messages(), schemas: schemas() },
  };
}

function messages() {
  const records = (Object.keys(recordSchemas) as RecordName[]).map((name) => [name, message(name, recordTypes[name])]);
  return Object.fromEntries([...records, ...PLATFORM_EVENT_TYPES.map((type) => [type, message(type, type)])]) as object;
}

function message(name: string, ceType: string) {
  return {
    name,
    contentType: 'application/json',
    headers: {
      type: 'object',
      required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time'],
      properties: { ce_specversion: { const: '1.0' }, ce_type: { const: ceType } },
    },
    payload: { $ref: `#/components/schemas/${name}` },
  };
}

function schemas() {
  const records = Object.entries(recordSchemas).map(([name, schema]) => [name, schema.json]);
  const events = PLATFORM_EVENT_TYPES.map((type) => [type, openedSchema(platformEventSchemas[type].json)]);
  return Object.fromEntries([...records, ...events]) as object;
}
