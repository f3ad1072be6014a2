import { describe, expect, it } from '@jest/globals';
import { checks } from './checks.js';
import { testTitles } from './readme-checks.js';
import { memoryTree } from './tree.js';

const readme = (invariant: string): string =>
  `# x\n\n## Owns\n\na\n\n## Does not own\n\nb\n\n## How it fails\n\nc\n\n## Invariants\n\n- ${invariant}\n`;
const spec = "it('a job that runs twice charges once', () => undefined);\n";
const manifest = (version: string): string => JSON.stringify({ dependencies: { left: version } });
const tagged = (...tags: string[]): string => JSON.stringify({ tags });

/** A planted violation, in pieces: the checks look at this file too. */
const planted = (...pieces: string[]): string => pieces.join('');

interface Row {
  readonly check: string;
  readonly reason: string;
  readonly good: Record<string, string>;
  readonly bad: Record<string, string>;
}

const rows: Row[] = [
  {
    check: 'every project has one plane and one type',
    reason: 'two planes',
    good: { 'libs/a/project.json': tagged('plane:shared', 'type:infra') },
    bad: { 'libs/a/project.json': tagged('plane:shared', 'plane:data', 'type:infra') },
  },
  {
    check: 'every project has one plane and one type',
    reason: 'an unknown type',
    good: { 'tools/a/project.json': tagged('plane:shared', 'type:tool') },
    bad: { 'tools/a/project.json': tagged('plane:shared', 'type:misc') },
  },
  {
    check: 'every version is pinned',
    reason: 'a range',
    good: { 'package.json': manifest('1.2.3-beta.4') },
    bad: { 'libs/a/package.json': manifest('^1.2.3') },
  },
  {
    check: 'nothing generated is committed but the reference',
    reason: 'a build output',
    good: { 'docs/reference/errors.md': 'x' },
    bad: { 'libs/a/dist/index.js': 'x' },
  },
  {
    check: 'migrations are well formed and take no time from the database',
    reason: 'a folder without an instant',
    good: { 'prisma/core/migrations/20261121000000_tenants/migration.sql': 'SELECT 1; -- never now()' },
    bad: { 'prisma/core/migrations/tenants/migration.sql': 'SELECT 1;' },
  },
  {
    check: 'migrations are well formed and take no time from the database',
    reason: 'two migrations of one instant',
    good: { 'prisma/core/migrations/20261121000000_a/migration.sql': 'SELECT 1;' },
    bad: {
      'prisma/core/migrations/20261121000000_a/migration.sql': 'SELECT 1;',
      'prisma/core/migrations/20261121000000_b/migration.sql': 'SELECT 1;',
    },
  },
  {
    check: 'migrations are well formed and take no time from the database',
    reason: 'a default of the database clock',
    good: { 'prisma/core/schema/a.prisma': 'at DateTime' },
    bad: {
      'prisma/core/migrations/20261121000000_a/migration.sql': 'ALTER TABLE a ALTER at SET DEFAULT CURRENT_TIMESTAMP;',
    },
  },
  {
    check: 'migrations are well formed and take no time from the database',
    reason: 'a schema default of the database clock',
    good: { 'prisma/core/schema/a.prisma': 'at DateTime' },
    bad: { 'prisma/core/schema/a.prisma': 'at DateTime @default(now())' },
  },
  {
    check: 'every feature and library says what it owns, and each invariant names the test that holds it',
    reason: 'an invariant whose test does not exist',
    good: {
      'libs/a/README.md': readme('One charge: `a job that runs twice charges once`'),
      'libs/a/src/a.spec.ts': spec,
    },
    bad: { 'libs/a/README.md': readme('One charge: `a job charges once`'), 'libs/a/src/a.spec.ts': spec },
  },
  {
    check: 'every feature and library says what it owns, and each invariant names the test that holds it',
    reason: 'a feature without a README',
    good: {
      'apps/a/src/features/tenants/README.md':
        '# t\n**Owns**: a\n**Does not own**: b\n\n**How it fails**: c\n\n**Invariants**\n- **One charge.** `a job that runs twice charges once`\n',
      'apps/a/src/features/tenants/a.spec.ts': spec,
    },
    bad: { 'apps/a/src/features/tenants/index.ts': '' },
  },
  {
    check: 'every feature and library says what it owns, and each invariant names the test that holds it',
    reason: 'a row of a table whose test does not exist',
    good: {
      'libs/a/README.md': readme('').replace(
        /- $/m,
        '| invariant | test |\n| --- | --- |\n| one | `a job that runs twice charges once` |',
      ),
      'libs/a/src/a.spec.ts': spec,
    },
    bad: {
      'libs/a/README.md': readme(
        '`a job that runs twice charges once`\n\n| invariant | test |\n| --- | --- |\n| one | `another` |',
      ),
      'libs/a/src/a.spec.ts': spec,
    },
  },
  {
    check: 'every feature and library says what it owns, and each invariant names the test that holds it',
    reason: 'a missing section',
    good: { 'libs/a/README.md': readme('"a job that runs twice charges once"'), 'libs/a/src/a.int-spec.ts': spec },
    bad: {
      'libs/a/README.md': readme('"a job that runs twice charges once"').replace('## How it fails', '## Notes'),
      'libs/a/src/a.spec.ts': spec,
    },
  },
  {
    check: 'every relative link leads somewhere',
    reason: 'a dead link',
    good: { 'docs/a.md': '[b](../libs/a/README.md#owns) [c](https://example.com/)', 'libs/a/README.md': '' },
    bad: { 'docs/a.md': '[b](../libs/b/README.md)' },
  },
  {
    check: 'files stay small',
    reason: '401 lines',
    good: { 'a.ts': 'x\n'.repeat(400) },
    bad: { 'a.ts': 'x\n'.repeat(401) },
  },
  {
    check: 'license is spelled with an s',
    reason: 'the British noun',
    good: { 'a.md': 'license' },
    bad: { 'a.md': planted('a licen', 'ce') },
  },
  {
    check: 'nothing is left for later in the product',
    reason: 'a note to oneself',
    good: { 'libs/a/a.ts': '// why' },
    bad: { 'libs/a/a.ts': planted('// TO', 'DO finish') },
  },
  {
    check: 'no registry host is in the repository',
    reason: 'a resolved address in the lock file',
    good: { 'package-lock.json': '"version": "1.0.0"' },
    bad: { 'package-lock.json': '      "resolved": "https://example.com/a.tgz"' },
  },
  {
    check: 'no registry host is in the repository',
    reason: 'a registry in .npmrc',
    good: { '.npmrc': 'save-exact=true' },
    bad: { '.npmrc': 'registry=https://example.com/' },
  },
  {
    check: 'no path of a machine is in the repository',
    reason: "a developer's home",
    good: { 'a.md': 'see `$HOME/.cache` and https://example.com/home/page' },
    bad: { 'a.md': planted('see /ho', 'me/someone/biplane') },
  },
  {
    check: 'no test is switched off, narrowed or mocked by module',
    reason: 'a narrowed test',
    good: { 'a.spec.ts': "it('x', () => undefined)" },
    bad: { 'a.spec.ts': planted('it.on', "ly('x', () => undefined)") },
  },
  {
    check: 'no test sleeps for a fixed time',
    reason: 'a sleep',
    good: { 'a.spec.ts': 'await eventually(() => ready())' },
    bad: { 'a.spec.ts': planted('await new Promise((resolve) => setTime', 'out(resolve, 500))') },
  },
  {
    check: 'no float comes near money',
    reason: 'a formatted float',
    good: { 'libs/testing/src/a.ts': 'x.toFixed(2)' },
    bad: { 'apps/core-api/src/features/invoices/a.ts': 'x.toFixed(2)' },
  },
  {
    check: 'a suppression names its rule and its reason',
    reason: 'no reason',
    good: { 'a.ts': '// eslint-disable-next-line no-empty -- the file may be gone' },
    bad: { 'a.ts': planted('// eslint-dis', 'able-next-line no-empty') },
  },
  {
    check: 'a suppression names its rule and its reason',
    reason: 'no rule',
    good: { 'a.ts': 'x' },
    bad: { 'a.ts': planted('/* eslint-dis', 'able */') },
  },
  {
    check: 'only tenant-api has a SubscriptionController',
    reason: 'core-api has one',
    good: { 'apps/tenant-api/src/a.ts': 'export class SubscriptionController {}' },
    bad: { 'apps/core-api/src/a.ts': 'export class SubscriptionController {}' },
  },
  {
    check: 'alert rules and dashboards ask in good PromQL for metrics that the programs have',
    reason: 'a metric that nobody has',
    good: {
      'libs/a/src/metrics.ts': "new Gauge({ name: 'depth', help: 'x' })",
      'deploy/grafana/a.json': '{"panels":[{"title":"Depth","targets":[{"expr":"max(depth)"}]}]}',
    },
    bad: { 'deploy/grafana/a.json': '{"panels":[{"title":"Depth","targets":[{"expr":"max(depth)"}]}]}' },
  },
];

const failures = (check: string, files: Record<string, string>): number =>
  checks
    .find(({ name }) => name === check)
    ?.run(memoryTree(files))
    .filter(({ note }) => !note).length ?? -1;

describe('the repository checks', () => {
  it.each(rows)('refuse $reason ($check)', ({ check, bad }) => {
    expect(failures(check, bad)).toBeGreaterThan(0);
  });

  it.each(rows)('let the good twin of "$reason" pass ($check)', ({ check, good }) => {
    expect(failures(check, good)).toBe(0);
  });

  it('each check has a planted violation', () => {
    expect(checks.map(({ name }) => name).filter((name) => !rows.some(({ check }) => check === name))).toEqual([]);
  });

  it('find the titles of plain tests, of tables and of quotes within', () => {
    const titles = testTitles(
      memoryTree({
        'a.spec.ts': [
          "it('A3: a record delivered twice changes nothing', async () => undefined);",
          "it.each(rows)('refuse $name', (row) => undefined);",
          "it.each([['a', 1], ['b', 2]])(\n  'counts %s', (name) => undefined);",
          "it('the tenant\\'s own', () => undefined, 5000);",
          'it("says \'no\'", () => undefined);',
        ].join('\n'),
      }),
    );
    expect([...titles].sort()).toEqual(
      [
        'A3: a record delivered twice changes nothing',
        'counts %s',
        'refuse $name',
        "says 'no'",
        "the tenant's own",
      ].sort(),
    );
  });
});
