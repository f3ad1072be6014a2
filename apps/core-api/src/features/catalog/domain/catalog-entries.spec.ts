import { describe, expect, it } from '@jest/globals';
import { taxesOn, taxProblems, type TaxDefinition } from './catalog-entries.js';

const gst: TaxDefinition = { country: 'AU', code: 'GST', name: 'GST 10 %', rate: '0.10', from: '2000-07-01', to: null };

describe('taxes', () => {
  it('accepts a rate that follows another without a gap or an overlap', () => {
    const closed = { ...gst, to: '2026-07-01' };
    expect(taxProblems({ ...gst, rate: '0.15', from: '2026-07-01' }, [closed])).toEqual([]);
  });

  it.each([
    ['a rate above one', { ...gst, rate: '10' }, '/rate'],
    ['a rate that is no decimal', { ...gst, rate: '10 %' }, '/rate'],
    ['a first day that does not exist', { ...gst, from: '2026-02-31' }, '/from'],
    ['a first day before there were years', { ...gst, from: '0000-01-01' }, '/from'],
    ['an end that does not exist', { ...gst, to: '2026-06-31' }, '/to'],
    ['an end that is not after the start', { ...gst, to: '2000-07-01' }, '/to'],
  ])('refuses %s', (_why, tax, pointer) => {
    expect(taxProblems(tax, []).map((problem) => problem.pointer)).toEqual([pointer]);
  });

  it('refuses dates that overlap those of the same tax, and only of the same', () => {
    expect(taxProblems({ ...gst, from: '2026-01-01' }, [gst])).toHaveLength(1);
    expect(taxProblems({ ...gst, code: 'LCT', from: '2026-01-01' }, [gst])).toEqual([]);
  });

  it('picks the rate of a date: the first day belongs to it, the end does not', () => {
    const closed = { ...gst, to: '2026-07-01' };
    const next = { ...gst, rate: '0.15', from: '2026-07-01' };
    expect(taxesOn([closed, next], '2026-06-30')).toEqual([closed]);
    expect(taxesOn([closed, next], '2026-07-01')).toEqual([next]);
    expect(taxesOn([gst], '2000-06-30')).toEqual([]);
  });
});
