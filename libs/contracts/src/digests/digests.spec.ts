import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { licensesDigest, windowsDigest, type WindowLine } from './digests.js';

const line: WindowLine = {
  deploymentId: '0196fbd0-0000-7000-8000-00000000d001',
  meter: 'droplet_hours',
  windowStart: '2026-04-10T12:00:00.000Z',
  revision: 2,
  quantity: '24',
};

describe('digests', () => {
  it('the digest of windows is the SHA-256 of the sorted lines that the contract names', () => {
    const text = `${line.deploymentId}|api_calls|2026-04-10T12:00:00.000Z|2|24\n${line.deploymentId}|droplet_hours|2026-04-10T12:00:00.000Z|2|24`;
    const expected = createHash('sha256').update(text).digest('hex');
    expect(windowsDigest([line, { ...line, meter: 'api_calls' }])).toBe(expected);
  });

  it('nothing has the digest of the empty text', () => {
    const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect([windowsDigest([]), licensesDigest([])]).toEqual([empty, empty]);
  });

  it('a quantity that the database padded and an instant of another type have the same digest', () => {
    const stored = { ...line, quantity: '24.000000000000', windowStart: new Date(line.windowStart) };
    expect(windowsDigest([stored])).toBe(windowsDigest([line]));
  });

  it('the order of the lines does not matter, any change of a line does', () => {
    const licenses = fc.uniqueArray(fc.record({ deploymentId: fc.uuid(), version: fc.nat(), jti: fc.uuid() }), {
      minLength: 1,
      selector: ({ deploymentId }) => deploymentId,
    });
    fc.assert(
      fc.property(licenses, (lines) => {
        const digest = licensesDigest(lines);
        expect(licensesDigest([...lines].reverse())).toBe(digest);
        expect(
          licensesDigest(lines.map((each, i) => (i === 0 ? { ...each, version: each.version + 1 } : each))),
        ).not.toBe(digest);
        expect(licensesDigest(lines.slice(1))).not.toBe(digest);
      }),
    );
  });
});
