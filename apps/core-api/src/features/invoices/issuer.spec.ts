import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIssuer } from './issuer.js';

const issuer = { code: 'BP', name: 'Biplane', address: ['1 Runway Road'], timeZone: 'UTC', taxId: null };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'issuer-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(over: Record<string, unknown>) {
  const file = join(folder, 'issuer.json');
  writeFileSync(file, JSON.stringify({ ...issuer, ...over }));
  return readIssuer(file);
}

describe('ISSUER_FILE', () => {
  it('says who sends invoices and how they are paid; a file without the latter is as it was', () => {
    expect(read({})).toEqual(issuer);
    expect(read({ payment: ['IBAN: CH93'] })).toEqual({ ...issuer, payment: ['IBAN: CH93'] });
  });

  it('tells every mistake at once', () => {
    const wrong = { code: 'b', name: '', address: [1], timeZone: 'UTC+1', taxId: 3, payment: 'IBAN' };
    expect(() => read(wrong)).toThrow(
      /code .*; name .*; address .*; timeZone .*; payment must be a list of lines; taxId .*/,
    );
  });
});
