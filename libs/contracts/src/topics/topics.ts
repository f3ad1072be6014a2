import { orThrow, parseRegionCode } from '@biplane/kernel';
import type { RecordName } from '../records/records.js';

// A region is a part of a topic's name and of a rule's: nothing but a region code may stand there.
const regional = (prefix: string) => (region: string) => `${prefix}.${orThrow(parseRegionCode(region))}`;

export const topics = {
  /** Down, compacted, key `kid`. */
  keys: 'license.keys',
  /** Out, for third parties. */
  events: 'subscription.events',
  /** Down, compacted, key deploymentId. */
  issued: regional('license.issued'),
  /** Up, key deploymentId or instanceId. */
  applied: regional('license.applied'),
  /** Up, key deploymentId or homeId. */
  usage: regional('usage.metrics'),
  /** Of a topic up: what could not be parsed, byte for byte. */
  dlq: (topic: string) => `${topic}.dlq`,
} as const;

/** Which records each kind of topic carries. */
export const topicRecords = {
  keys: ['KeyStatement'],
  issued: ['LicenseIssued'],
  applied: ['LicenseApplied', 'InstanceStatus', 'MoveReport'],
  usage: ['UsageWindow', 'LimitEvent', 'HomeClose'],
} as const satisfies Record<string, readonly RecordName[]>;

/** Consumer groups. Readers of license topics have one group per process, so that each sees every license. */
export const groups = {
  corePrefix: 'core-api.',
  homePrefix: (region: string) => `tenant-api.${orThrow(parseRegionCode(region))}.`,
  /** Of one process; deleted at its shutdown, never committed. */
  homeReader: (region: string, instanceId: string) => `tenant-api.${orThrow(parseRegionCode(region))}.${instanceId}`,
  coreConsumer: (name: string) => `core-api.${name}`,
} as const;
