import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parsePlaneEvent, parseRecord, recordSchemas, recordTypes, toCloudEvent, type RecordName } from '../index.js';

type Json = Record<string, unknown>;
const golden = (name: string): Json =>
  JSON.parse(readFileSync(new URL(`../../golden/${name}.json`, import.meta.url), 'utf8')) as Json;

/** Sets (or, with `undefined`, removes) the member at a path of a copy. */
function withMember(record: Json, path: string, value: unknown): Json {
  const copy = structuredClone(record);
  const keys = path.split('/');
  const last = keys.pop() ?? '';
  const parent = keys.reduce<Json>((at, key) => at[key] as Json, copy);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return copy;
}

const violations: [name: RecordName, file: string, path: string, value: unknown, why: string][] = [
  ['KeyStatement', 'trusted', 'kid', '../root', 'a kid is no path'],
  ['KeyStatement', 'trusted', 'statement', 'no jws', 'a statement is a compact JWS'],
  ['KeyStatement', 'trusted', 'statement', undefined, 'the statement is required'],
  ['LicenseIssued', 'plain', 'license', `a.${'b'.repeat(20_000)}.c`, 'a license has at most 16 KB'],
  ['LicenseIssued', 'plain', 'deploymentId', 'acme', 'a deployment id is a UUID'],
  ['LicenseApplied', 'ready', 'licenseVersion', '1', 'a version is a number'],
  ['LicenseApplied', 'ready', 'licenseVersion', 0, 'versions begin at 1'],
  ['LicenseApplied', 'ready', 'licenseVersion', 2 ** 53, 'a version is exact'],
  ['LicenseApplied', 'ready', 'epoch', 1.5, 'an epoch is whole'],
  ['LicenseApplied', 'ready', 'database/state', 'done', 'a state is one of six'],
  ['LicenseApplied', 'ready', 'database/name', 'tenant_x', 'a database is named after its deployment'],
  [
    'LicenseApplied',
    'failed',
    'database/reason',
    'role ops@acme.example is missing',
    'a reason is a code, not a sentence',
  ],
  ['LicenseApplied', 'ready', 'adminEmail', 'ops@acme.example', 'no record up has room for an identity'],
  ['LicenseApplied', 'ready', 'database/password', 'secret', 'no record up has room for a secret'],
  ['LicenseApplied', 'ready', 'appliedAt', '2026-03-31T10:00:00Z', 'one instant has one spelling'],
  ['LicenseApplied', 'ready', 'appliedAt', '2026-02-30T10:00:00.000Z', 'the day exists'],
  ['InstanceStatus', 'serving', 'note', 'all is well', 'no record up has room for text'],
  ['InstanceStatus', 'serving', 'instanceId', 'Anna Smith', 'an instance is named like a pod'],
  ['InstanceStatus', 'serving', 'licensesDigest', 'abc', 'a digest is a SHA-256'],
  ['InstanceStatus', 'serving', 'refused', -1, 'a count is not negative'],
  [
    'InstanceStatus',
    'serving',
    'applied',
    Array(1001).fill({ deploymentId: golden('LicenseIssued.plain')['deploymentId'], version: 1 }),
    'at most 1,000 at once',
  ],
  ['MoveReport', 'copied', 'step', 'Copied it all', 'a step is a word'],
  ['MoveReport', 'copied', 'tables/0/rows', '12', 'rows are a number'],
  ['UsageWindow', 'open', 'quantity', 24, 'a quantity is a text'],
  ['UsageWindow', 'open', 'quantity', 'twenty', 'a quantity has the characters of a number'],
  ['UsageWindow', 'open', 'memberId', 'm-1', 'no window names a member'],
  ['UsageWindow', 'open', 'source/host', 'pod-1', 'a window comes from a home, not from a replica'],
  ['UsageWindow', 'open', 'revision', 0, 'revisions begin at 1'],
  ['UsageWindow', 'open', 'aggregation', 'mean', 'an aggregation is one of three'],
  ['UsageWindow', 'open', 'windowEnd', undefined, 'the end is required'],
  ['LimitEvent', 'denied', 'used', '-1', 'what is in use is not negative'],
  ['LimitEvent', 'denied', 'member', 'ops@acme.example', 'no limit event names a member'],
  ['LimitEvent', 'denied', 'kind', 'shouted', 'a kind is one of four'],
  ['LimitEvent', 'denied', 'count', 0, 'an event happened at least once'],
  ['HomeClose', 'empty-hour', 'digest', undefined, 'the digest is required'],
  ['HomeClose', 'empty-hour', 'windows', '0', 'windows are a number'],
  ['HomeClose', 'empty-hour', 'comment', 'late', 'no record up has room for text'],
];

describe('parseRecord', () => {
  it.each(violations)('%s.%s with %s = %j is refused: %s', (name, file, path, value) => {
    const record = withMember(golden(`${name}.${file}`), path, value);
    const parsed = parseRecord(name, JSON.stringify(record));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'RECORD.SCHEMA' } });
  });

  it.each(['', '{', 'null', '[]', '"text"', '\u0000', '{"a":1}trailing'])('%j is no record of any type', (text) => {
    for (const name of Object.keys(recordSchemas) as RecordName[]) expect(parseRecord(name, text).ok).toBe(false);
  });

  it('bytes that are no UTF-8 are refused, not mended', () => {
    const parsed = parseRecord('HomeClose', new Uint8Array([0x7b, 0xff, 0x7d]));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'RECORD.VALUE_UNREADABLE' } });
  });

  it('no record up has an object that is open to unknown members', () => {
    const up = ['LicenseApplied', 'InstanceStatus', 'MoveReport', 'UsageWindow', 'LimitEvent', 'HomeClose'] as const;
    for (const name of up) {
      const text = JSON.stringify(recordSchemas[name].json);
      expect(text.match(/"type":"object"/g)?.length).toBe(text.match(/"additionalProperties":false/g)?.length);
    }
  });

  it('no record up has a text without a pattern, a list of values or a format', () => {
    const texts = (json: unknown): Json[] => {
      if (typeof json !== 'object' || json === null) return [];
      const here = (json as Json)['type'] === 'string' ? [json as Json] : [];
      return [...here, ...Object.values(json).flatMap(texts)];
    };
    for (const schema of Object.values(recordSchemas)) {
      const loose = texts(schema.json).filter(
        (text) => !('pattern' in text) && !('enum' in text) && !('format' in text),
      );
      expect(loose).toEqual([]);
    }
  });
});

describe('parsePlaneEvent', () => {
  const event = toCloudEvent({
    type: recordTypes.HomeClose,
    source: '/homes/a',
    subject: 'a',
    time: new Date('2026-04-10T13:05:00Z'),
    id: '1',
    data: golden('HomeClose.empty-hour'),
  });

  it('a record read back is the record that was written', () => {
    const bytes = Object.fromEntries(Object.entries(event.headers).map(([k, v]) => [k, Buffer.from(v)]));
    const parsed = parsePlaneEvent(bytes, Buffer.from(event.value));
    expect(parsed).toMatchObject({ ok: true, value: { name: 'HomeClose', data: golden('HomeClose.empty-hour') } });
  });

  it('a type of an unknown major version is told apart from a broken record', () => {
    const headers = { ...event.headers, ce_type: 'dev.biplane.home.close.v2' };
    expect(parsePlaneEvent(headers, event.value)).toMatchObject({ ok: false, error: { code: 'RECORD.TYPE_UNKNOWN' } });
  });

  it.each(['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_time'])('a record without %s is refused', (name) => {
    const headers: Record<string, string | undefined> = { ...event.headers, [name]: undefined };
    expect(parsePlaneEvent(headers, event.value)).toMatchObject({
      ok: false,
      error: { code: 'RECORD.NOT_A_CLOUD_EVENT' },
    });
  });

  it('a malformed traceparent is left out and refuses nothing', () => {
    const parsed = parsePlaneEvent({ ...event.headers, traceparent: 'x' }, event.value);
    expect(parsed.ok && parsed.value.event.traceparent).toBeUndefined();
    expect(parsed.ok).toBe(true);
  });
});
