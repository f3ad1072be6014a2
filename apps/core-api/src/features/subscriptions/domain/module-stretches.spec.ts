import { describe, expect, it } from '@jest/globals';
import { enabledStretches } from './module-stretches.js';

const at = (text: string) => new Date(`2026-${text}Z`);
const january = { from: at('01-01T00:00:00'), to: at('02-01T00:00:00') };
const on = (text: string) => ({ module: 'search', enabled: true, at: at(text) });
const off = (text: string) => ({ module: 'search', enabled: false, at: at(text) });
const shown = (...switches: ReturnType<typeof on>[]) =>
  enabledStretches('search', switches, january).map(({ from, to }) =>
    [from, to].map((edge) => edge?.toISOString().slice(5, 16) ?? null),
  );

describe('when a module was enabled in a period', () => {
  it.each([
    ['nobody switched it: always', [], [['01-01T00:00', null]]],
    ['off before the period: never', [{ ...off('01-01T00:00:00'), at: new Date('2025-12-31T00:00:00Z') }], []],
    ['off in it', [off('01-03T18:00:00')], [['01-01T00:00', '01-03T18:00']]],
    ['off after it: always', [off('02-01T00:00:00')], [['01-01T00:00', null]]],
    ['on twice is on', [off('01-01T00:00:00'), on('01-03T10:00:00'), on('01-04T10:00:00')], [['01-03T10:00', null]]],
    [
      'golden bill 4',
      [off('01-01T00:00:00'), on('01-03T10:00:00'), off('01-03T18:00:00'), on('01-10T00:00:00'), off('01-12T23:59:00')],
      [['01-03T10:00', '01-03T18:00'], ['01-10T00:00', '01-12T23:59']],
    ],
  ])('%s', (_why, switches, stretches) => {
    expect(shown(...switches)).toEqual(stretches);
  }); // prettier-ignore

  it('another module’s switches are not its own', () => {
    expect(enabledStretches('storage', [off('01-03T00:00:00')], january)).toEqual([{ from: january.from, to: null }]);
  });
});
