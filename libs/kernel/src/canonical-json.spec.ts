import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.js';

describe('canonicalJson', () => {
  it('sorts keys by code unit at every depth, without spaces', () => {
    expect(canonicalJson({ b: 1, a: { d: [3, 1], c: null }, Z: true })).toBe(
      '{"Z":true,"a":{"c":null,"d":[3,1]},"b":1}',
    );
  });

  it('writes bigints as strings, instants as RFC 3339, and leaves undefined members out', () => {
    const value = { minor: 6422n, at: new Date('2026-04-01T00:00:00Z'), gone: undefined };
    expect(canonicalJson(value)).toBe('{"at":"2026-04-01T00:00:00.000Z","minor":"6422"}');
  });

  it('does not depend on the order in which keys were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      }),
    );
  });

  it('is JSON that means the same value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it.each([
    [{ a: Number.NaN }, 'NaN is not JSON'],
    [{ a: Infinity }, 'neither is Infinity'],
    [[undefined], 'a hole in a list would move the others'],
    [() => 1, 'a function'],
    [Symbol('x'), 'a symbol'],
    [new Map(), 'a Map would silently be {}'],
    [undefined, 'nothing'],
  ] as [unknown, string][])('throws on %p (%s)', (value) => {
    expect(() => canonicalJson(value)).toThrow('canonicalJson');
  });

  it('throws on a value that contains itself', () => {
    const list: unknown[] = [];
    list.push(list);
    const record: Record<string, unknown> = {};
    record['self'] = record;
    for (const loop of [list, record]) expect(() => canonicalJson(loop)).toThrow('nested too deeply');
  });

  it('carries 64 levels and no more', () => {
    const nested = (levels: number) => Array.from({ length: levels }).reduce<unknown>((inner) => [inner], 1);
    expect(canonicalJson(nested(64))).toHaveLength(129);
    expect(() => canonicalJson(nested(65))).toThrow('nested too deeply');
  });
});
