import { describe, expect, it } from '@jest/globals';
import { SignInLimits } from './sign-in-limits.js';

const MEMBER = 'deployment\nkim@acme.example';
const [HOME, STRANGE] = ['198.51.100.7', '203.0.113.9'];

describe('tries to sign in', () => {
  it('a stranger uses up its own tries, and not those of the member', () => {
    const limits = new SignInLimits(() => 0);
    const answers = Array.from({ length: 12 }, () => limits.take(MEMBER, STRANGE));
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 0), 30, 30]);
    expect(limits.take(MEMBER, HOME)).toBe(0);
    expect(limits.take('deployment\nother@acme.example', STRANGE)).toBe(0);
  });

  it('strangers from ever more places get fifty tries, then one every 15 s, and keep no member out of where it has signed in', () => {
    let nowMs = 0;
    const limits = new SignInLimits(() => nowMs);
    limits.signedIn(MEMBER, HOME);
    const tries = (count: number) =>
      Array.from({ length: count }, (_, index) => limits.take(MEMBER, `10.0.${nowMs % 251}.${index}`));
    expect(tries(200).filter((wait) => wait === 0)).toHaveLength(50);
    expect(limits.take(MEMBER, '203.0.113.77')).toBe(15);
    expect(limits.take(MEMBER, HOME)).toBe(0);
    nowMs += 60_000;
    expect(tries(200).filter((wait) => wait === 0)).toHaveLength(4);
    expect(limits.take(MEMBER, HOME)).toBe(0);
  });
});
