import { describe, expect, it } from '@jest/globals';
import { suspendedSince } from './suspended-since.js';

const at = (time: string) => new Date(`2026-04-10T${time}:00.000Z`);

describe('since when a deployment is suspended', () => {
  it('is its first change to paused or suspended without a break', () => {
    const changes = [
      { to: 'active', at: at('01:00') },
      { to: 'paused', at: at('02:00') },
      { to: 'suspended', at: at('03:00') },
    ];
    expect(suspendedSince(changes)).toEqual(at('02:00'));
    expect(suspendedSince([...changes, { to: 'active', at: at('04:00') }])).toBeNull();
    expect(suspendedSince([])).toBeNull();
  });
});
