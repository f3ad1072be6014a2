import { describe, expect, it } from '@jest/globals';
import { PLATFORM_EVENT_TYPES } from '../events/platform-events.js';
import { recordSchemas } from '../records/records.js';
import { asyncApiDocument } from './async-api-document.js';

const document = asyncApiDocument(['eu-1']);

/** Every `$ref` in the document. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = (value as { $ref?: unknown }).$ref;
  return [...(typeof own === 'string' ? [own] : []), ...Object.values(value).flatMap(references)];
}

const at = (path: string): unknown =>
  path
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], document);

describe('asyncApiDocument', () => {
  it('every reference points to something', () => {
    expect(references(document).length).toBeGreaterThan(0);
    expect(references(document).filter((ref) => at(ref) === undefined)).toEqual([]);
  });

  it('every record type travels on some topic', () => {
    const carried = references(document).map((ref) => ref.split('/').at(-1));
    expect(Object.keys(recordSchemas).filter((name) => !carried.includes(name))).toEqual([]);
  });

  it('describes every event for the outside on its topic, open to members that are added later', () => {
    const [channel, schemas] = [at('#/channels/subscription.events'), at('#/components/schemas')];
    expect(Object.keys((channel as { messages: object }).messages)).toEqual(PLATFORM_EVENT_TYPES);
    const closed = PLATFORM_EVENT_TYPES.filter((type) =>
      JSON.stringify((schemas as Record<string, unknown>)[type]).includes('"additionalProperties":false'),
    );
    expect(closed).toEqual([]);
  });

  it('says who writes and who reads a topic, as the access rules do', () => {
    expect((document['channels'] as Record<string, unknown>)['license.issued.eu-1']).toMatchObject({
      'x-writers': ['core'],
      'x-readers': ['home-eu-1'],
      bindings: { kafka: { partitions: 12, topicConfiguration: { 'cleanup.policy': ['compact'] } } },
    });
  });
});
