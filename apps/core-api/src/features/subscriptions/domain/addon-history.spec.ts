import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { attachedNow, nextInstant, type Attachment } from './addon-history.js';

const start = Date.UTC(2026, 3, 10);
/** Instants as two replicas might read them: mostly onwards, sometimes a little back, sometimes the same. */
const steps = fc.array(fc.tuple(fc.constantFrom('attach', 'detach', 'replace'), fc.integer({ min: -5, max: 5_000 })), {
  maxLength: 25,
});

describe('the history of an add-on', () => {
  it('its stretches follow each other without overlap, whatever is done and however clocks differ', () => {
    fc.assert(
      fc.property(steps, (asked) => {
        const history: Attachment[] = [];
        let now = start;
        for (const [verb, byMs] of asked) {
          now += byMs;
          const at = nextInstant(history, 'storage', new Date(now));
          const present = attachedNow(history, 'storage');
          if (present && verb !== 'attach') history[history.indexOf(present)] = { ...present, detachedAt: at };
          if (verb === 'attach' ? !present : verb === 'replace' && present) {
            history.push({ code: 'storage', attachedAt: at, detachedAt: null });
          }
        }
        const stretches = history.map(
          ({ attachedAt, detachedAt }) => [+attachedAt, +(detachedAt ?? Infinity)] as const,
        );
        for (const [index, [from, to]] of stretches.entries()) {
          expect(from).toBeLessThan(to);
          if (index > 0) expect(stretches[index - 1]![1]).toBeLessThanOrEqual(from);
        }
      }),
    );
  });

  it('another add-on’s history is none of it', () => {
    const other = { code: 'other', attachedAt: new Date(start + 10), detachedAt: null };
    expect(nextInstant([other], 'storage', new Date(start))).toEqual(new Date(start));
    expect(attachedNow([other], 'storage')).toBeUndefined();
  });
});
