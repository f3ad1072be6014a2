import { describe, expect, it } from '@jest/globals';
import { networkOf } from './network-of.js';

describe('where a request comes from', () => {
  it.each([
    ['198.51.100.7', '198.51.100.7'],
    ['::ffff:198.51.100.7', '198.51.100.7'],
    ['2001:db8:1:2::1', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::/64'],
    ['2001:db8::5', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['198.51.100.7:49152', '198.51.100.7'],
    ['[2001:db8:1:2::1]:49152', '2001:db8:1:2::/64'],
    ['unknown', 'unknown'],
    ['_hidden', 'unknown'],
    ['', 'unknown'],
  ])('%s is at %s', (address, place) => {
    expect(networkOf(address)).toBe(place);
  });
});
