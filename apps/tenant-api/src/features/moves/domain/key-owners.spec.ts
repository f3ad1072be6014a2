import { describe, expect, it } from '@jest/globals';
import { KeyOwners } from './key-owners.js';

const prefix = (digit: string): string => `bp:${digit.repeat(32)}:`;

describe('the owners of keys', () => {
  it('are told by whole prefixes: served, dropped, and strangers, counted each', () => {
    const owners = new KeyOwners(new Set([prefix('a')]), new Set([prefix('b')]));
    owners.add([`${prefix('a')}x`, `${prefix('b')}x`, `${prefix('c')}x`, `${prefix('c')}y`]);
    owners.add([`bp:${'b'.repeat(31)}:x`, `bp:${'a'.repeat(33)}:x`, 'bp:', `${prefix('b')}y`]);
    expect([...owners.ofDropped]).toEqual([prefix('b')]);
    expect([...owners.foreign]).toEqual([[prefix('c'), 2], ['bp:*', 3]]); // prettier-ignore
    expect(owners.foreignKeys).toBe(5);
  });

  it('are named up to a hundred, however many strangers there are', () => {
    const owners = new KeyOwners(new Set(), new Set());
    owners.add(Array.from({ length: 5_000 }, (_, at) => `bp:${at.toString(16).padStart(32, '0')}:x`));
    expect(owners.foreign.size).toBe(101);
    expect(owners.foreignKeys).toBe(5_000);
  });
});
