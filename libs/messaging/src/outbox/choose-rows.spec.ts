import { describe, expect, it } from '@jest/globals';
import { portionOf, rowsToSend, type OutboxRow } from './choose-rows.js';

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

describe('how many rows travel together', () => {
  const sized = (bytes: number): OutboxRow => ({ ...row('1', 'usage', 'a', false), value: 'é'.repeat(bytes / 2) });

  it('as many as fit in bytes, not in characters, and one that is larger than that alone', () => {
    expect(portionOf([sized(4_000), sized(4_000), sized(4_000)], 9_000)).toHaveLength(2);
    expect(portionOf([sized(20_000), sized(2)], 9_000)).toHaveLength(1);
    expect(portionOf([sized(2), sized(2)], 9_000)).toHaveLength(2);
    expect(portionOf([], 9_000)).toHaveLength(0);
  });
});
