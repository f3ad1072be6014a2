import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseRecord, parseUsageEvent, recordSchemas, type RecordName } from './index.js';

const folder = new URL('../golden/', import.meta.url);
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

describe('golden payloads', () => {
  it.each(files)('%s parses for ever', (file) => {
    const bytes = readFileSync(new URL(file, folder));
    const name = file.split('.')[0] as RecordName | 'UsageEvent';
    const parsed = name === 'UsageEvent' ? parseUsageEvent(JSON.parse(bytes.toString())) : parseRecord(name, bytes);
    expect(parsed).toEqual({ ok: true, value: JSON.parse(bytes.toString()) });
  });

  it('every record type has a golden payload', () => {
    const named = new Set(files.map((file) => file.split('.')[0]));
    expect(Object.keys(recordSchemas).filter((name) => !named.has(name))).toEqual([]);
  });
});
