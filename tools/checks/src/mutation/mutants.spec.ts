import { describe, expect, it } from '@jest/globals';
import { mutantsOf } from './mutants.js';

const changesOf = (text: string): string[] =>
  mutantsOf(text).map(({ start, end, replacement }) => text.slice(0, start) + replacement + text.slice(end));

describe('mutants', () => {
  it.each([
    ['a < b', ['a <= b', 'a >= b']],
    ['a >= b', ['a > b', 'a < b']],
    ['a === b', ['a !== b']],
    ['a && !b', ['a || !b', 'a && b']],
    ['a + b * -c', ['a - b * -c', 'a + b / -c', 'a + b * c']],
    ['total += n', ['total -= n']],
  ])('change each comparison, sign and connection of %s', (text, expected) => {
    expect(changesOf(text).sort()).toEqual([...expected].sort());
  });

  it('leave types, texts and what is glued together alone', () => {
    expect(changesOf("type A = B | C; const d: Map<string, number> = f<string>('a < b'); const e = 'x' + y;")).toEqual(
      [],
    );
  });

  it('say where they are', () => {
    expect(mutantsOf('x;\nif (a < b) y();')).toMatchObject([
      { line: 2, original: '<', replacement: '<=' },
      { line: 2, original: '<', replacement: '>=' },
    ]);
  });
});
