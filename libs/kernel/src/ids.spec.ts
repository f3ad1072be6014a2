import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import * as ids from './ids.js';
import { isUuid, uuidv7 } from './uuid.js';

const uuid = '018f2a4c-9d5e-7abc-8def-0123456789ab';
const bytes = (fill: number) => new Uint8Array(10).fill(fill);
const outcome = (result: ReturnType<typeof ids.parseTenantId | typeof ids.parseMeterCode>) =>
  result.ok ? result.value : result.error.code;

describe('ids', () => {
  it.each([
    ids.parseTenantId,
    ids.parseDeploymentId,
    ids.parseSubscriptionId,
    ids.parseOperationId,
    ids.parseInvoiceId,
    ids.parseHomeId,
  ])('every UUID parser takes UUIDs, in lower case, and nothing else', (parse) => {
    const read = (text: unknown) => {
      const result = parse(text);
      return result.ok ? String(result.value) : result.error.code;
    };
    expect(read(uuid)).toBe(uuid);
    expect(read(uuid.toUpperCase())).toBe(uuid);
    for (const bad of [
      `${uuid}0`,
      ` ${uuid}`,
      `${uuid}\n`,
      uuid.replaceAll('-', ''),
      `{${uuid}}`,
      '',
      null,
      7,
      [uuid],
    ]) {
      expect(read(bad)).toBe('VALUE.ID_INVALID');
    }
  });

  it.each(['eu-1', 'us-1', 'eu', 'a'.repeat(32)])('takes the region code %s', (code) => {
    expect(outcome(ids.parseRegionCode(code) as never)).toBe(code);
  });

  it.each(['', 'EU-1', 'eu_1', '-eu', 'eu-', 'eu--1', '1-eu', 'a'.repeat(33), 'eu.1', null])(
    'refuses the region code %j',
    (code) => {
      expect(outcome(ids.parseRegionCode(code) as never)).toBe('VALUE.CODE_INVALID');
    },
  );

  it.each(['droplet_hours', 'api_calls', 'a1', 'a'.repeat(63)])('takes %s as meter and as module', (code) => {
    expect(outcome(ids.parseMeterCode(code))).toBe(code);
    expect(outcome(ids.parseModuleCode(code) as never)).toBe(code);
  });

  it.each(['', 'A', '_a', 'a_', 'a__b', '1a', 'a-b', 'a:b', 'a'.repeat(64), '__proto__'])(
    'refuses %j as meter and as module',
    (code) => {
      expect(outcome(ids.parseMeterCode(code))).toBe('VALUE.CODE_INVALID');
      expect(outcome(ids.parseModuleCode(code) as never)).toBe('VALUE.CODE_INVALID');
    },
  );

  it('takes pod names and UUIDs as instances, of at most 128 characters', () => {
    const read = (text: unknown) => ids.parseInstanceId(text).ok;
    expect([uuid, 'tenant-api-6b9f-x2', 'a', 'a'.repeat(128)].map(read)).toEqual([true, true, true, true]);
    expect(['', 'A', '-a', 'a-', 'a b', 'a'.repeat(129), null].map(read)).not.toContain(true);
  });
});

describe('uuidv7', () => {
  it('puts the milliseconds first, then version 7, variant 10 and the randomness', () => {
    const now = new Date(0x0123456789ab);
    expect(uuidv7(now, bytes(0xff))).toBe('01234567-89ab-7fff-bfff-ffffffffffff');
    expect(uuidv7(now, bytes(0x00))).toBe('01234567-89ab-7000-8000-000000000000');
  });

  it('is a UUID, sorts by time, and keeps all other random bits', () => {
    const random = fc.uint8Array({ minLength: 10, maxLength: 16 });
    const millis = fc.integer({ min: 0, max: 2 ** 47 });
    fc.assert(
      fc.property(millis, random, random, (at, a, b) => {
        const [first, second] = [uuidv7(new Date(at), a), uuidv7(new Date(at + 1), b)];
        expect(isUuid(first)).toBe(true);
        expect(first < second).toBe(true);
        expect(first.replaceAll('-', '').slice(-14)).toBe(hexOf(a.slice(3, 10)));
      }),
    );
  });

  it('throws without enough randomness or outside 48 bits of milliseconds', () => {
    expect(() => uuidv7(new Date(0), new Uint8Array(9))).toThrow('10 random bytes');
    expect(() => uuidv7(new Date(-1), bytes(0))).toThrow('48 bits');
    expect(() => uuidv7(new Date(Number.NaN), bytes(0))).toThrow('48 bits');
    expect(uuidv7(new Date(0), bytes(0))).toBe('00000000-0000-7000-8000-000000000000');
  });
});

function hexOf(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
