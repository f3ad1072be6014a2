import { describe, expect, it } from '@jest/globals';
import { speechOf } from './index.js';
import { percentOf } from './numbers.js';

describe('how locales write', () => {
  it.each([
    ['en-US', '-1,234,567.89', 'April 5, 2026', 'April 2026'],
    ['en-AU', '-1,234,567.89', '5 April 2026', 'April 2026'],
    ['de-DE', '-1.234.567,89', '5. April 2026', 'April 2026'],
    ['de-CH', '-1’234’567.89', '5. April 2026', 'April 2026'],
    ['fr-FR', '-1 234 567,89', '5 avril 2026', 'avril 2026'],
    ['es-ES', '-1.234.567,89', '5 de abril de 2026', 'abril de 2026'],
    ['es-MX', '-1,234,567.89', '5 de abril de 2026', 'abril de 2026'],
    ['zh-CN', '-1,234,567.89', '2026年4月5日', '2026年4月'],
    ['ja-JP', '-1,234,567.89', '2026年4月5日', '2026年4月'],
    ['el-GR', '-1.234.567,89', '5 Απριλίου 2026', 'Απρίλιος 2026'],
    ['ar-AE', '-1,234,567.89', '5 أبريل 2026', 'أبريل 2026'],
    ['ar-EG', '-١٬٢٣٤٬٥٦٧٫٨٩', '٥ أبريل ٢٠٢٦', 'أبريل ٢٠٢٦'],
    ['it-IT', '-1.234.567,89', '5 April 2026', 'April 2026'],
  ])('%s: numbers, dates and months', (locale, number, date, month) => {
    const speech = speechOf(locale);
    expect(speech.number('-1234567.89').replace('\u00A0', ' ').replace('\u00A0', ' ')).toBe(number.replace('-', '−'));
    expect([speech.date('2026-04-05'), speech.month('2026-04')]).toEqual([date, month]);
  });

  it('no digit is lost, added or rounded, however many there are', () => {
    const { number } = speechOf('en-US');
    const value = '123456789012345678901234567890.123456789012';
    expect(number(value).replaceAll(',', '')).toBe(value);
    expect([number('0'), number('999'), number('1000'), number('0.10')]).toEqual(['0', '999', '1,000', '0.10']);
  });

  it.each([
    ['0.10', '10'],
    ['0.081', '8.1'],
    ['0', '0'],
    ['1', '100'],
    ['0.00', '0'],
    ['0.0005', '0.05'],
    ['0.123456789012', '12.3456789012'],
  ])('a rate of %s is %s percent', (rate, percent) => {
    expect(percentOf(rate)).toBe(percent);
  });

  it('the words of no language are missing one', () => {
    for (const locale of ['ar', 'de', 'el', 'en', 'es', 'fr', 'ja', 'zh']) {
      const { words, language } = speechOf(locale);
      expect(language).toBe(locale);
      expect(Object.values(words).filter((word) => word === '')).toEqual([]);
    }
  });
});
