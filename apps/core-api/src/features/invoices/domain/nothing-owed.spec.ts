import { describe, expect, it } from '@jest/globals';
import { owesNothing } from './nothing-owed.js';

describe('whether a month has nothing to invoice', () => {
  it.each([
    ['a trial: no line at all', [], [], true],
    ['a trial where each bill shows its tax: a line of tax on nothing', ['tax'], [], true],
    ['two taxes on nothing', ['tax', 'tax'], [], true],
    ['a plan that costs nothing: it was supplied, for 0.00', ['plan_base', 'tax'], [], false],
    ['usage that a discount takes back whole', ['overage', 'discount', 'tax'], [], false],
    ['a setup that is waived later', ['setup', 'adjustment', 'tax'], [], false],
    ['late usage of an earlier month alone', ['adjustment', 'tax'], [], false],
    ['nothing, but less usage of an earlier month than was invoiced', ['tax'], ['2026-03'], false],
  ])('%s', (_what, kinds, decreases, expected) => {
    expect(owesNothing({ decreases, bill: { lines: kinds.map((kind) => ({ kind })) } })).toBe(expected);
  });
});
