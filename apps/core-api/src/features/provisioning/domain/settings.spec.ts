import { describe, expect, it } from '@jest/globals';
import { readSettings } from './settings.js';

describe('readSettings', () => {
  it('keeps texts, numbers, flags and nothing at all as they are', () => {
    const settings = { llmMode: 'hosted', seats: 3, beta: true, note: null };
    expect(readSettings(settings)).toEqual({ settings });
  });

  const refused: [why: string, value: Record<string, unknown>, pointer: string][] = [
    ['an object inside', { theme: { dark: true } }, '/settings/theme'],
    ['a list', { tags: ['a'] }, '/settings/tags'],
    ['a long text', { text: 'x'.repeat(1_001) }, '/settings/text'],
    ['a zero byte, which the database cannot hold', { text: 'a\0b' }, '/settings/text'],
    ['a name that is no word', { 'a b': 1 }, '/settings/a b'],
    ['a prototype by name', JSON.parse('{"__proto__": 1}') as Record<string, unknown>, '/settings/__proto__'],
    ['too many', Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`s${n}`, n])), '/settings'],
  ];
  it.each(refused)('refuses %s', (_why, value, pointer) => {
    expect(readSettings(value)).toMatchObject({ mistakes: [{ pointer }] });
  });
});
