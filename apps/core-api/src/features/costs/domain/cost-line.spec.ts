import { describe, expect, it } from '@jest/globals';
import { contentOf, parseCostLine } from './cost-line.js';

const line = {
  provider: 'hetzner',
  lineId: '2026-04/server-4711',
  period: '2026-04',
  resourceKind: 'droplet_hours',
  amount: { amount: '12.34', currency: 'EUR' },
};

describe('a cost line', () => {
  it.each<[unknown, string, string]>([
    [null, '', 'nothing'],
    [[], '', 'a list'],
    ['line', '', 'a text'],
    [{ ...line, extra: 1 }, '/extra', 'a member that is not known'],
    [{ ...line, provider: 'Hetzner GmbH' }, '/provider', 'no code'],
    [{ ...line, lineId: '' }, '/lineId', 'empty'],
    [{ ...line, lineId: 'a\nb' }, '/lineId', 'with a line end'],
    [{ ...line, lineId: 4711 }, '/lineId', 'a number'],
    [{ ...line, period: '2026-13' }, '/period', 'no month'],
    [{ ...line, resourceKind: '=SUM(A1)' }, '/resourceKind', 'a formula'],
    [{ ...line, deploymentId: 'web' }, '/deploymentId', 'no id'],
    [{ ...line, amount: 12.34 }, '/amount', 'a float'],
    [{ ...line, amount: { amount: 12.34, currency: 'EUR' } }, '/amount', 'a float inside'],
    [{ ...line, amount: { amount: '12.345', currency: 'EUR' } }, '/amount', 'more decimals than the currency'],
    [{ ...line, amount: { amount: '1', currency: 'XXQ' } }, '/amount', 'no currency'],
    [{ ...line, amount: { amount: '1', currency: 'EUR', tax: '0' } }, '/amount', 'with more'],
    [{ ...line, amount: { amount: '9'.repeat(18), currency: 'EUR' } }, '/amount', 'beyond what is charged'],
  ])('%j is refused at "%s": %s', (value, pointer) => {
    const parsed = parseCostLine(value);
    expect(parsed.ok ? [] : parsed.error.map((error) => error.pointer)).toContain(pointer);
  });

  it('may be below zero, and is the same in any order of its members', () => {
    const back = { ...line, amount: { currency: 'EUR', amount: '-12.34' } };
    const [one, two] = [parseCostLine(back), parseCostLine(Object.fromEntries(Object.entries(back).reverse()))];
    expect(one.ok && two.ok && contentOf(one.value) === contentOf(two.value)).toBe(true);
    expect(one).toMatchObject({ ok: true, value: { amount: { minor: -1_234n } } });
  });
});
