import { describe, expect, it } from '@jest/globals';
import { rowsToSend, type OutboxRow } from './choose-rows.js';

const row = (id: string, topic: string, key: string, compacted: boolean): OutboxRow => ({
  id,
  topic,
  key,
  compacted,
  headers: {},
  value: id,
});

describe('which rows of a batch are sent', () => {
  it('only the newest of a key on a compacted topic, every one elsewhere, in their order', () => {
    const rows = [
      row('1', 'licenses', 'a', true),
      row('2', 'usage', 'a', false),
      row('3', 'licenses', 'b', true),
      row('4', 'licenses', 'a', true),
      row('5', 'usage', 'a', false),
      row('6', 'keys', 'a', true),
    ];
    expect(rowsToSend(rows).map(({ id }) => id)).toEqual(['2', '3', '4', '5', '6']);
  });
});
