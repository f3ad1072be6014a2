import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { RETENTION } from './retention.module.js';

const DAY_MS = 24 * 3_600_000;

/** The rows of this service on the page for operators. */
function documented(): string[] {
  const page = readFileSync(new URL('../../../docs/retention.md', import.meta.url), 'utf8');
  const section = page.split('\n## ').find((each) => each.startsWith('core-api'));
  return [...(section ?? '').matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)].map(([, rule, days]) => `${rule} ${days}`);
}

describe('what is kept', () => {
  it('is what the page for operators says', () => {
    const rules = RETENTION.map(({ name, keepMs }) => `${name} ${keepMs / DAY_MS}`);
    expect(documented()).toEqual(rules);
  });
});
