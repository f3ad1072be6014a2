import { describe, expect, it } from '@jest/globals';
import { addonRequests, type AttachedAddonSnapshot } from './attached-addon.js';

const day = (text: string) => new Date(`2026-${text}T00:00:00Z`);
const storage = (over: Partial<AttachedAddonSnapshot> = {}): AttachedAddonSnapshot => ({
  code: 'storage_50gb',
  name: 'Storage 50 GB',
  resourceKind: 'storage',
  priceKind: 'flat',
  priceMinor: 750n,
  currency: 'USD',
  units: '1',
  attachedAt: day('04-01'),
  detachedAt: null,
  ...over,
});

describe('attached add-ons on a bill', () => {
  it('are charged at what was sold when they were attached', () => {
    expect(addonRequests([storage()])).toEqual([
      {
        code: 'storage_50gb',
        name: 'Storage 50 GB',
        resourceKind: 'storage',
        currency: 'USD',
        quantity: '1',
        price: { kind: 'flat', amount: '7.50' },
        attached: [{ from: day('04-01'), to: null }],
      },
    ]);
    const yen = storage({ priceKind: 'per_unit', currency: 'JPY' });
    expect(addonRequests([yen])).toMatchObject([{ price: { kind: 'per_unit', unitPrice: '750' } }]);
  });

  it('taken off and attached again as they were, are one line of two stretches', () => {
    const [first, again] = [storage({ detachedAt: day('04-05') }), storage({ attachedAt: day('04-10') })];
    const stretches = [
      { from: day('04-01'), to: day('04-05') },
      { from: day('04-10'), to: null },
    ];
    expect(addonRequests([again, first])).toMatchObject([{ code: 'storage_50gb', attached: stretches }]);
  });

  it('with another quantity are another line, which keeps its name whatever comes later', () => {
    const one = storage({ detachedAt: day('04-05') });
    const two = storage({ units: '2', attachedAt: day('04-05'), detachedAt: day('04-20') });
    const shown = (...addons: AttachedAddonSnapshot[]) =>
      addonRequests(addons).map(({ attachment, quantity }) => [attachment ?? 'storage_50gb', quantity]);
    const expected = [['storage_50gb', '1'], ['storage_50gb@2026-04-05T00:00:00.000Z', '2']]; // prettier-ignore
    expect(shown(two, one)).toEqual(expected);
    expect(shown(two, one, storage({ attachedAt: day('04-20') }))).toEqual(expected);
  });
});
