import { describe, expect, it } from '@jest/globals';
import { objectChanges, type HomeObject, type SeenObject } from './home-object.js';

const [before, now] = [new Date('2026-04-01T00:00:00Z'), new Date('2026-04-02T00:00:00Z')];
const seen = (name: string, more: Partial<SeenObject> = {}): SeenObject => ({
  ...{ kind: 'Service', name, namespace: 't-1', state: 'present', reason: null, generation: null },
  ...more,
});
const known = (name: string): HomeObject => ({ ...seen(name), since: before });

describe('what a look writes of the objects that it saw', () => {
  it('is nothing when all is as it was', () => {
    expect(objectChanges([known('a')], [seen('a')], now)).toEqual({ changed: [], over: [] });
  });

  it.each<[string, Partial<SeenObject>]>([
    ['is missing now', { state: 'missing', reason: 'FORBIDDEN' }],
    ['was changed by somebody', { generation: 2 }],
  ])('is what %s, from now on', (_, more) => {
    const changed = objectChanges([known('a'), known('b')], [seen('a'), seen('b', more)], now);
    expect(changed).toEqual({ changed: [{ ...seen('b', more), since: now }], over: [] });
  });

  it('forgets what is not there any more', () => {
    expect(objectChanges([known('a'), known('b')], [seen('b')], now)).toEqual({ changed: [], over: [known('a')] });
  });
});
