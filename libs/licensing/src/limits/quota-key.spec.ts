import { describe, expect, it } from '@jest/globals';
import { quotaKey, QUOTA_KEY_PATTERN } from './quota-key.js';

describe('a quota key', () => {
  it.each([
    [null, 'storage.storage_gb'],
    ['day', 'storage.storage_gb.day'],
    ['month', 'storage.storage_gb.month'],
  ] as const)('names the limit of the window %s', (window, key) => {
    expect(quotaKey('storage', 'storage_gb', window)).toBe(key);
    expect(key).toMatch(QUOTA_KEY_PATTERN);
  });

  it.each(['storage', 'storage.storage_gb.year', 'Storage.storage_gb', '.storage_gb', 'a.b.day.day'])(
    'is not %s',
    (text) => expect(text).not.toMatch(QUOTA_KEY_PATTERN),
  );
});
