export { RecordErrors, UsageErrors } from './contracts.errors.js';
export { groups, topicRecords, topics } from './topics/topics.js';
export {
  TOPIC_PARTITIONS,
  topicDefinitions,
  topicMisconfigurations,
  type TopicDefinition,
  type TopicDurability,
} from './topics/topic-definitions.js';
export {
  accessRules,
  CORE_USER,
  homeUser,
  TOPICS_USER,
  type AccessOperation,
  type AccessRule,
} from './topics/access-rules.js';
export {
  fromCloudEvent,
  toCloudEvent,
  type BinaryCloudEvent,
  type CloudEvent,
  type CloudEventInput,
  type HeaderValue,
} from './cloud-events/binary-mode.js';
export {
  DATABASE_STATES,
  recordSchemas,
  STATUS_APPLIED_MAX,
  type DatabaseState,
  type HomeClose,
  type InstanceStatus,
  type KeyStatement,
  type LicenseApplied,
  type LicenseIssued,
  type LimitEvent,
  type MoveReport,
  type RecordName,
  type RecordOf,
  type UsageWindow,
} from './records/records.js';
export { recordNameOf, recordTypes } from './records/record-types.js';
export { parsePlaneEvent, parseRecord, type PlaneEvent } from './records/parse-record.js';
export {
  checkPlatformEvent,
  isPlatformEventType,
  parsePlatformEvent,
  PLATFORM_EVENT_TYPES,
  platformEventSchemas,
  type PlatformEventData,
  type PlatformEventType,
  type PlatformEventValue,
} from './events/platform-events.js';
export { isRfc3339 } from './schema/validate.js';
export {
  parseUsageBody,
  parseUsageEvent,
  USAGE_BATCH_MAX,
  USAGE_EVENT_TYPE,
  usageEventSchema,
  type UsageEvent,
  type UsageItem,
} from './usage/usage-event.js';
export {
  canonicalQuantity,
  licensesDigest,
  windowsDigest,
  type LicenseLine,
  type WindowLine,
} from './digests/digests.js';
export { asyncApiDocument } from './async-api/async-api-document.js';
export { sourcePathsOf, type SourcePath } from './http/source-paths.js';
