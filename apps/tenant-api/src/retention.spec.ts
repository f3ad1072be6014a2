import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { TENANT_RETENTION } from './features/visits/index.js';
import { limitsRetention, RETENTION } from './retention.module.js';

const DAY_MS = 24 * 3_600_000;

/** The rows of a section on the page for operators. */
function documented(heading: string): string[] {
  const page = readFileSync(new URL('../../../docs/retention.md', import.meta.url), 'utf8');
  const section = page.split('\n## ').find((each) => each.startsWith(`${heading}\n`));
  return [...(section ?? '').matchAll(/^\| `(\w+)` +\| (\d+) +\|/gm)].map(([, rule, days]) => `${rule} ${days}`);
}

describe('what is kept', () => {
  it('is what the page for operators says', () => {
    const rules = [...RETENTION, ...limitsRetention({ log: {} as never })].map(
      ({ name, keepMs }) => `${name} ${keepMs / DAY_MS}`,
    );
    expect(documented('tenant-api')).toEqual(rules);
  });

  it("in tenants' own databases is what the page for operators says", () => {
    const rules = TENANT_RETENTION.map(({ name, keepMs }) => `${name} ${keepMs / DAY_MS}`);
    expect(documented("Tenants' own databases")).toEqual(rules);
  });
});
