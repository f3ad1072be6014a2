import { groups, topics } from './topics.js';

export type AccessOperation = 'READ' | 'WRITE' | 'DESCRIBE' | 'DESCRIBE_CONFIGS' | 'DELETE';

/** One allowed thing; everything else is refused by the broker. */
export interface AccessRule {
  /** Name of the Kafka user, without `User:`. */
  readonly user: string;
  readonly resource: 'topic' | 'group';
  readonly pattern: 'literal' | 'prefixed';
  readonly name: string;
  readonly operations: readonly AccessOperation[];
}

/** Creates topics and rules; a super user of the broker, so no rule names it. */
export const TOPICS_USER = 'topics';
export const CORE_USER = 'core';
export const homeUser = (region: string): string => `home-${region}`;

const WRITER = ['WRITE', 'DESCRIBE', 'DESCRIBE_CONFIGS'] as const;
const READER = ['READ', 'DESCRIBE', 'DESCRIBE_CONFIGS'] as const;

/** The wall between the planes and between the regions, as the broker enforces it. */
export function accessRules(regions: readonly string[]): AccessRule[] {
  const unique = [...new Set(regions)];
  return [...coreRules(unique), ...unique.flatMap(homeRules)];
}

const topic = (user: string, name: string, operations: readonly AccessOperation[]): AccessRule => ({
  user,
  resource: 'topic',
  pattern: 'literal',
  name,
  operations,
});

function coreRules(regions: readonly string[]): AccessRule[] {
  return [
    topic(CORE_USER, topics.keys, WRITER),
    topic(CORE_USER, topics.events, WRITER),
    ...regions.flatMap((region) => [
      topic(CORE_USER, topics.issued(region), WRITER),
      topic(CORE_USER, topics.applied(region), READER),
      topic(CORE_USER, topics.usage(region), READER),
      topic(CORE_USER, topics.dlq(topics.applied(region)), WRITER),
      topic(CORE_USER, topics.dlq(topics.usage(region)), WRITER),
    ]),
    group(CORE_USER, groups.corePrefix),
  ];
}

function homeRules(region: string): AccessRule[] {
  const user = homeUser(region);
  return [
    topic(user, topics.keys, READER),
    topic(user, topics.issued(region), READER),
    topic(user, topics.applied(region), WRITER),
    topic(user, topics.usage(region), WRITER),
    group(user, groups.homePrefix(region)),
  ];
}

// Deletion included: a reader's group lives as long as its process.
const group = (user: string, prefix: string): AccessRule => ({
  user,
  resource: 'group',
  pattern: 'prefixed',
  name: prefix,
  operations: ['READ', 'DESCRIBE', 'DELETE'],
});
