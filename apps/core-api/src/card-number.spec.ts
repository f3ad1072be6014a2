import { describe, expect, it } from '@jest/globals';
import { holdsCardNumber } from './card-number.js';

describe('what looks like the number of a card', () => {
  it.each([
    ['16 digits in a run', '4111111111111111'],
    ['in groups', '4111 1111 1111 1111'],
    ['with dashes', '5555-5555-5555-4444'],
    ['15 digits', '378282246310005'],
    ['19 digits', '6304000000000000000'],
    ['with dots', '4111.1111.1111.1111'],
    ['in digits of full width', '４１１１１１１１１１１１１１１１'],
    ['dressed as a token', 'pm_4242424242424242'],
    ['in a sentence', 'card 4111111111111111, thanks'],
  ])('is found: %s', (_why, text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  it.each([
    ['a check digit that is wrong', '4111111111111112'],
    ['a bank reference with a letter in front', 'RF4111111111111111'],
    ['a UUID', '019b0c41-1111-7111-8111-411111111111'],
    ['a first digit that no card has', '0000000000000000'],
    ['twelve digits', '411111111111'],
    ['twenty digits', '41111111111111111111'],
    ['the reference of a Swiss payment slip', '210000000003139471430009017'],
    ['a provider id', 'pi_3MtwBwLkdIwHu7ix28a3tqPa'],
    ['nothing', ''],
  ])('is not taken for one: %s', (_why, text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });

  it('takes no longer for a text made to slow it', () => {
    const text = '4 '.repeat(50_000);
    const started = performance.now();
    holdsCardNumber(text);
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
