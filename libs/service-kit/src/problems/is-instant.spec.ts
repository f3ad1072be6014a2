import { describe, expect, it } from '@jest/globals';
import { isInstant } from './is-instant.js';

describe('an instant of a request', () => {
  it.each(['2026-03-01T10:00:00Z', '2024-02-29T23:59:59.123456789+02:00', '0001-01-02T00:00:00Z', '9999-12-31T23:59:59Z'])(
    '%s is one',
    (text) => {
      expect(isInstant(text)).toBe(true);
    },
  ); // prettier-ignore

  it.each<unknown>([
    '2026-13-45T99:99:99Z', '2026-02-30T00:00:00Z', '2026-01-01T23:59:60Z', '2026-01-01T00:00:00+99:99', '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59-01:00', '0001-01-01T00:00:00+01:00', '+010000-01-01T00:00:00Z', '2026-03-01', '', 5, null, ['2026-03-01T10:00:00Z'],
  ])('%j is none, and is refused before anything is done with it', (value) => {
    expect(isInstant(value)).toBe(false);
  }); // prettier-ignore
});
