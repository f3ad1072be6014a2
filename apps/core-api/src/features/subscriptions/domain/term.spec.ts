import { describe, expect, it } from '@jest/globals';
import { changeTerm, type Term, type TermChange } from './term.js';

const day = (text: string) => new Date(`${text}T00:00:00.000Z`);
const at = { now: day('2026-04-10'), periodStart: day('2026-04-01') };
const present: Term = { startedAt: day('2026-04-05'), endedAt: null, noticeDays: null, graceDays: null };

const refused: [string, Partial<Term>, TermChange][] = [
  ['a start that has passed', {}, { startsAt: day('2026-04-09') }],
  ['a start at this very instant', {}, { startsAt: at.now }],
  ['the start of what an earlier bill charged', { startedAt: day('2026-03-31') }, { startsAt: day('2026-05-01') }],
  ['an end that has passed', {}, { endsAt: day('2026-04-09') }],
  ['an end before the start', {}, { startsAt: day('2026-06-01'), endsAt: day('2026-05-01') }],
  ['an end at the start', {}, { startsAt: day('2026-06-01'), endsAt: day('2026-06-01') }],
  ['a start behind an end that stays', { endedAt: day('2026-05-01') }, { startsAt: day('2026-06-01') }],
  ['what ended in an earlier period', { startedAt: day('2026-01-01'), endedAt: day('2026-03-01') }, { endsAt: null }],
];

describe('changeTerm', () => {
  it.each(refused)('refuses %s', (_why, over, change) => {
    expect(typeof changeTerm({ ...present, ...over }, change, at)).toBe('string');
  });

  it('changes what is named and keeps the rest', () => {
    const term = changeTerm({ ...present, graceDays: 3 }, { endsAt: day('2026-12-31'), noticeDays: 30 }, at);
    expect(term).toEqual({ startedAt: present.startedAt, endedAt: day('2026-12-31'), noticeDays: 30, graceDays: 3 });
  });

  it('null takes an end back, and zero days are days', () => {
    const term = changeTerm(
      { ...present, endedAt: day('2026-05-01'), graceDays: 3 },
      { endsAt: null, graceDays: 0 },
      at,
    );
    expect(term).toMatchObject({ endedAt: null, graceDays: 0 });
  });
});
