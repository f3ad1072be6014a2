import { describe, expect, it } from '@jest/globals';
import { kafkaUserNames, parseKafkaUsers } from './kafka.js';

describe('users of a broker that is not ours', () => {
  it('are all required but the broker itself', () => {
    const users = { topics: 'a', core: 'b', 'home-eu-1': 'c' };
    expect(parseKafkaUsers(JSON.stringify(users), ['eu-1'])).toEqual(users);
    expect(kafkaUserNames(['eu-1'])).toEqual(['broker', 'topics', 'core', 'home-eu-1']);
  });

  it.each([
    ['nothing at all', undefined, 'set KAFKA_USERS too'],
    ['no JSON', 'topics:a', 'is not JSON'],
    ['no object', 'null', 'topics, core, home-eu-1'],
    ['a user less', '{"topics":"a","core":"b"}', 'home-eu-1'],
  ])('with %s, the message says what is wanted', (_why, text, message) => {
    expect(() => parseKafkaUsers(text, ['eu-1'])).toThrow(message);
  });
});
