import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { checkPlatformEvent, parsePlatformEvent, PLATFORM_EVENT_TYPES, type PlatformEventType } from '../index.js';

const folder = new URL('../../golden/events/', import.meta.url);
const files = readdirSync(folder).flatMap((type) =>
  readdirSync(new URL(`${type}/`, folder)).map((name): [PlatformEventType, string] => [
    type as PlatformEventType,
    name,
  ]),
);
const golden = (type: string, name: string) =>
  JSON.parse(readFileSync(new URL(`${type}/${name}`, folder), 'utf8')) as Record<string, unknown>;

/** The members that quantities add up in. */
const TOTALS: Partial<Record<PlatformEventType, string>> = {
  'subscription.entitlement.exceeded': 'used',
  'subscription.usage.recorded': 'quantity',
};

describe('events for the outside', () => {
  it.each(files)('%s as in %s is sent and read for ever', (type, name) => {
    const value = golden(type, name);
    expect(checkPlatformEvent(type, value)).toEqual({ ok: true, value });
    expect(parsePlatformEvent(type, JSON.stringify(value))).toEqual({ ok: true, value });
  });

  it('every type has a golden payload', () => {
    const named = new Set(files.map(([type]) => type));
    expect(PLATFORM_EVENT_TYPES.filter((type) => !named.has(type))).toEqual([]);
  });

  it.each(files)('%s as in %s cannot carry a member that no schema names, and is read with one', (type, name) => {
    const value = { ...golden(type, name), adminEmail: 'ops@acme.example' };
    expect(checkPlatformEvent(type, value)).toMatchObject({ ok: false, error: { code: 'RECORD.SCHEMA' } });
    expect(parsePlatformEvent(type, JSON.stringify(value))).toEqual({ ok: true, value });
  });

  it.each(files.filter(([type]) => TOTALS[type] !== undefined))(
    '%s as in %s takes a total of more digits than one quantity may have',
    (type, name) => {
      const value = { ...golden(type, name), [TOTALS[type] as string]: `${'9'.repeat(30)}.${'9'.repeat(12)}` };
      expect(checkPlatformEvent(type, value)).toMatchObject({ ok: true });
    },
  );

  it.each(files)('%s as in %s needs each of its members', (type, name) => {
    for (const member of Object.keys(golden(type, name))) {
      const { [member]: _, ...rest } = golden(type, name);
      expect(checkPlatformEvent(type, rest)).toMatchObject({ ok: false });
    }
  });
});
