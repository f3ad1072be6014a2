import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { Ports } from './ports.js';

describe('ports', () => {
  it('are handed out in order from the base, past those that are taken', async () => {
    const base = await new Ports().next();
    const taken = createServer().listen(base, '127.0.0.1');
    await new Promise((done) => taken.once('listening', done));
    try {
      const ports = new Ports(base);
      const first = await ports.next();
      expect(first).toBeGreaterThan(base);
      expect(await ports.next()).toBeGreaterThan(first);
    } finally {
      await new Promise((done) => taken.close(done));
    }
  });

  it('lie below those that the system gives to outgoing connections', async () => {
    expect(await new Ports().next()).toBeLessThan(32_768);
  });

  it.each([80, 65_500, 20_000.5, Number.NaN])('refuse the base %p', (base) => {
    expect(() => new Ports(base)).toThrow(RangeError);
  });
});
