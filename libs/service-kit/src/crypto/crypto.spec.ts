import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { FieldCipher, parseFieldKeys } from './field-cipher.js';
import { hashSecret, verifySecret } from './secret-hash.js';

const key = (): string => randomBytes(32).toString('base64');
const PLACE = { table: 'admin_invite', column: 'email', id: '1' };

describe('FieldCipher', () => {
  const keys = { 1: key(), 2: key() };
  const old = new FieldCipher(parseFieldKeys(JSON.stringify({ current: 1, keys })));
  const present = new FieldCipher(parseFieldKeys(JSON.stringify({ current: 2, keys })));

  it('opens what it sealed, also with an older key, and never seals the same text alike', () => {
    const sealed = old.encrypt(PLACE, 'Zoë 🛩');
    expect(sealed).toMatch(/^v1\./);
    expect(present.decrypt(PLACE, sealed)).toBe('Zoë 🛩');
    expect(present.encrypt(PLACE, 'a')).not.toBe(present.encrypt(PLACE, 'a'));
    expect(present.decrypt(PLACE, present.encrypt(PLACE, ''))).toBe('');
  });

  it.each([
    ['another row', { ...PLACE, id: '2' }],
    ['another column', { ...PLACE, column: 'name' }],
    ['another table', { ...PLACE, table: 'other' }],
  ])('a value moved to %s does not open', (_, place) => {
    expect(() => present.decrypt(place, present.encrypt(PLACE, 'x'))).toThrow();
  });

  it('a changed text, tag, vector or key version does not open', () => {
    const sealed = present.encrypt(PLACE, 'some text');
    const parts = sealed.split('.');
    parts.slice(1).forEach((part, index) => {
      const flipped = (part[0] === 'A' ? 'B' : 'A') + part.slice(1);
      const changed = parts.map((own, at) => (at === index + 1 ? flipped : own)).join('.');
      expect(() => present.decrypt(PLACE, changed)).toThrow();
    });
    expect(() => present.decrypt(PLACE, sealed.replace(/^v2/, 'v1'))).toThrow();
    expect(() => present.decrypt(PLACE, sealed.replace(/^v2/, 'v3'))).toThrow('version 3 is not held');
    expect(() => present.decrypt(PLACE, sealed.slice(0, -2))).toThrow('does not hold a sealed value');
  });

  it('bytes open as they were sealed, with an older key too, and only unchanged, unmoved and whole', () => {
    const plain = randomBytes(1_000);
    const sealed = old.encryptBytes(PLACE, plain);
    expect(sealed.includes(plain.subarray(0, 16))).toBe(false);
    expect(present.decryptBytes(PLACE, sealed).equals(plain)).toBe(true);
    expect(present.decryptBytes(PLACE, present.encryptBytes(PLACE, Buffer.alloc(0)))).toHaveLength(0);
    expect(() => present.decryptBytes({ ...PLACE, id: '2' }, sealed)).toThrow();
    for (const at of [3, 4, 16, 32, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      expect(() => present.decryptBytes(PLACE, changed)).toThrow();
    }
    expect(() => present.decryptBytes(PLACE, sealed.subarray(0, -1))).toThrow();
    expect(() => present.decryptBytes(PLACE, Buffer.from('%PDF-1.7'))).toThrow('does not hold a sealed value');
  });

  it('refuses a key file with a short key or without the current one', () => {
    expect(() => parseFieldKeys(JSON.stringify({ current: 1, keys: { 1: 'c2hvcnQ=' } }))).toThrow('32 bytes');
    expect(() => parseFieldKeys(JSON.stringify({ current: 2, keys: { 1: key() } }))).toThrow('names no key');
  });
});

describe('secret hashes', () => {
  it('know their secret and no other', async () => {
    const stored = await hashSecret('open sesame');
    expect(stored).toMatch(/^scrypt\$16384\$[A-Za-z0-9_-]{22}\$[A-Za-z0-9_-]{43}$/);
    expect(await verifySecret('open sesame', stored)).toBe(true);
    expect(await verifySecret('open sesamE', stored)).toBe(false);
  });

  it('malformed or too costly ones match nothing', async () => {
    const stored = await hashSecret('x');
    for (const bad of ['', 'x', stored.replace('16384', '1'), stored.replace('16384', '1048576'), `${stored}A`]) {
      expect(await verifySecret('x', bad)).toBe(false);
    }
  });
});
