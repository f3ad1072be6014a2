import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copies, differences, envExample, staleCopies } from './generated.js';

describe('the generated reference', () => {
  let folder: string;
  const put = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const compare = (): string[] => differences(join(folder, 'committed'), join(folder, 'fresh'));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'biplane-differences-'));
    put('committed/openapi/a.json', '{}');
    put('fresh/openapi/a.json', '{}');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('is up to date when every file is equal', () => {
    expect(compare()).toEqual([]);
  });

  it('is refused when a file changed, is missing, or is written by nobody', () => {
    put('fresh/openapi/a.json', '{"openapi":"3.1.0"}');
    put('fresh/errors.md', 'new');
    put('committed/scopes.md', 'old');
    expect(compare()).toEqual([
      'docs/reference/errors.md is missing',
      'docs/reference/openapi/a.json is out of date',
      'docs/reference/scopes.md is written by no generator',
    ]);
  });

  it('has an example of every service in .env.example, in one order', () => {
    put('fresh/env.tenant-api.example', 'HOME_ID=\n');
    put('fresh/env.core-api.example', 'REGIONS=eu-1\n');
    expect(envExample(join(folder, 'fresh')).split('\n').slice(2)).toEqual([
      '# ---- core-api ----',
      'REGIONS=eu-1',
      '',
      '# ---- tenant-api ----',
      'HOME_ID=',
      '',
    ]);
  });

  it('tells of what the chart carries that is not what stands elsewhere', () => {
    for (const [copy, original] of Object.entries(copies)) for (const path of [copy, original]) put(path, 'same');
    expect(staleCopies(folder)).toEqual([]);
    put('deploy/grafana/biplane.json', 'changed');
    expect(staleCopies(folder)).toEqual(['charts/biplane/files/dashboard.json is not deploy/grafana/biplane.json']);
  });
});
