import { describe, expect, it } from '@jest/globals';
import { parseUsageBody, parseUsageEvent, USAGE_BATCH_MAX } from './usage-event.js';

const good = {
  specversion: '1.0',
  id: 'job-1',
  source: '/regions/eu-1/scheduler',
  type: 'dev.biplane.usage',
  time: '2026-04-10T12:00:00Z',
  subject: '0196fbd0-0000-7000-8000-00000000d001',
  data: { meter: 'droplet_hours', quantity: '24' },
};
const data = (quantity: unknown) => ({ ...good, data: { meter: 'droplet_hours', quantity } });

const bad: [why: string, event: unknown][] = [
  ['a list', []],
  ['null', null],
  ['a text', 'usage'],
  ['another specversion', { ...good, specversion: '0.3' }],
  ['another type', { ...good, type: 'com.example' }],
  ['an empty id', { ...good, id: '' }],
  ['an id of 257 characters', { ...good, id: 'x'.repeat(257) }],
  ['an id with NUL', { ...good, id: 'a\u0000b' }],
  ['an id with a lone surrogate', { ...good, id: 'a\ud800' }],
  ['an id that is a number', { ...good, id: 1 }],
  ['no source', { ...good, source: undefined }],
  ['a subject that is no UUID', { ...good, subject: "' OR 1=1" }],
  ['a time without a zone', { ...good, time: '2026-04-10T12:00:00' }],
  ['a day that does not exist', { ...good, time: '2026-02-30T12:00:00Z' }],
  ['a month that does not exist', { ...good, time: '2026-13-01T12:00:00Z' }],
  ['a time that is a date', { ...good, time: '2026-04-10' }],
  ['an unknown member', { ...good, memberId: 'm' }],
  ['an unknown member of data', { ...good, data: { ...good.data, member: 'm' } }],
  ['no data', { ...good, data: undefined }],
  ['a meter in upper case', { ...good, data: { meter: 'API', quantity: '1' } }],
  ['a quantity that is a number', data(24)],
  ['a negative quantity', data('-1')],
  ['a quantity with an exponent', data('1e3')],
  ['a quantity with a leading zero', data('01')],
  ['a quantity with a leading point', data('.5')],
  ['a quantity with a trailing point', data('5.')],
  ['13 decimals', data('0.1234567890123')],
  ['31 digits', data('1'.repeat(31))],
  ['31 digits around the point', data(`${'1'.repeat(19)}.${'1'.repeat(12)}`)],
  ['a quantity with a space', data(' 1')],
  ['a quantity with a line break', data('1\n')],
  ['NaN', data('NaN')],
  ['digits of another script', data('٣')],
];

describe('parseUsageEvent', () => {
  it.each(bad)('%s is refused', (_why, event) => {
    expect(parseUsageEvent(event)).toMatchObject({ ok: false, error: { code: 'USAGE.INVALID' } });
  });

  it.each(['0', '0.0', '1', '2160', '0.000000000001', '9'.repeat(30), `${'9'.repeat(18)}.${'9'.repeat(12)}`])(
    'the quantity %s is taken',
    (quantity) => {
      expect(parseUsageEvent(data(quantity)).ok).toBe(true);
    },
  );

  it.each(['2026-04-10T12:00:00Z', '2026-04-10T22:00:00+10:00', '2028-02-29T00:00:00.123456Z'])(
    'the time %s is taken',
    (time) => {
      expect(parseUsageEvent({ ...good, time }).ok).toBe(true);
    },
  );

  it('a refusal points to the member that is wrong', () => {
    expect(parseUsageEvent(data('-1'))).toMatchObject({
      error: { errors: [{ pointer: '/data/quantity', code: 'PATTERN' }] },
    });
  });
});

describe('parseUsageBody', () => {
  it('one bad item spoils no other', () => {
    const body = parseUsageBody([good, { id: 'b' }, { ...good, id: 'c' }]);
    const items = body.ok ? body.value : [];
    expect(items.map(({ id, result }) => [id, result.ok])).toEqual([
      ['job-1', true],
      ['b', false],
      ['c', true],
    ]);
  });

  it('one event needs no list', () => {
    expect(parseUsageBody(good)).toMatchObject({ ok: true, value: [{ id: 'job-1', result: { ok: true } }] });
  });

  it('1,000 events are taken and 1,001 are refused as a whole', () => {
    expect(parseUsageBody(Array(USAGE_BATCH_MAX).fill(good)).ok).toBe(true);
    const tooMany = parseUsageBody(Array(USAGE_BATCH_MAX + 1).fill(good));
    expect(tooMany).toMatchObject({ ok: false, error: { code: 'USAGE.BATCH_TOO_LARGE', status: 400 } });
  });

  it.each([null, undefined, 'text', 7, true])('%j is no body', (body) => {
    expect(parseUsageBody(body)).toMatchObject({ ok: false, error: { code: 'USAGE.BODY_UNREADABLE', status: 400 } });
  });
});
