import { dirname, join, normalize } from 'node:path/posix';
import { findLines, type Check, type Finding, type Tree } from './tree.js';

const projectFile = /^(apps|libs|prisma|tools)\/[^/]+\/project\.json$/;
const planes = ['control', 'data', 'shared'];
const types = ['app', 'domain', 'contracts', 'infra', 'persistence', 'testing', 'tool'];

export const tags: Check = {
  name: 'every project has one plane and one type',
  run(tree) {
    return tree.paths
      .filter((path) => projectFile.test(path))
      .flatMap((path) => {
        const { tags: given = [] } = JSON.parse(tree.read(path)) as { tags?: string[] };
        const of = (kind: string): string[] =>
          given.filter((tag) => tag.startsWith(`${kind}:`)).map((tag) => tag.slice(kind.length + 1));
        const one = (kind: string, known: string[]): Finding[] => {
          const found = of(kind);
          const good = found.length === 1 && known.includes(found[0] ?? '');
          return good
            ? []
            : [{ path, message: `${kind}: expected one of ${known.join(', ')}, found ${found.join(', ') || 'none'}` }];
        };
        return [...one('plane', planes), ...one('type', types)];
      });
  },
};

export const pinnedVersions: Check = {
  name: 'every version is pinned',
  run(tree) {
    const exact = /^\d+\.\d+\.\d+([-+][0-9A-Za-z.-]+)?$/;
    return tree.paths
      .filter((path) => path === 'package.json' || /^(apps|libs|prisma|tools)\/[^/]+\/package\.json$/.test(path))
      .flatMap((path) => {
        const manifest = JSON.parse(tree.read(path)) as Record<string, Record<string, string> | undefined>;
        return ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
          Object.entries(manifest[group] ?? {})
            .filter(([, version]) => !exact.test(version))
            .map(([name, version]) => ({ path, message: `${name} ${version}: give one exact version` })),
        );
      });
  },
};

export const generatedFiles: Check = {
  name: 'nothing generated is committed but the reference',
  run: (tree) =>
    tree.paths
      .filter((path) => /(^|\/)(dist|generated|node_modules)\//.test(path) || path.endsWith('.tsbuildinfo'))
      .map((path) => ({ path, message: 'is generated: only docs/reference is committed' })),
};

const sqlClock = /\b(now\s*\(\s*\)|current_timestamp|current_date|(clock|statement|transaction)_timestamp\s*\()/i;
const withoutComment = (tree: Tree): Tree => ({
  paths: tree.paths,
  read: (path) => tree.read(path).replace(/(--|\/\/).*$/gm, ''),
});

export const migrations: Check = {
  name: 'migrations are well formed and take no time from the database',
  run(tree) {
    const inMigrations = tree.paths.filter((path) => /^prisma\/[^/]+\/migrations\/.+\//.test(path));
    const shape = inMigrations
      .filter((path) => !/^prisma\/[^/]+\/migrations\/\d{14}_[a-z0-9_]+\/migration\.sql$/.test(path))
      .map((path) => ({ path, message: 'expected <YYYYMMDDHHMMSS>_<feature>/migration.sql and nothing beside it' }));
    const stamps = new Map<string, string>();
    const order = inMigrations.flatMap((path) => {
      const stamp = /^(prisma\/[^/]+\/migrations\/\d{14})_/.exec(path)?.[1] ?? path;
      const other = stamps.get(stamp);
      stamps.set(stamp, path);
      return other ? [{ path, message: `has the instant of ${other}: their order is not defined` }] : [];
    });
    const empty = inMigrations
      .filter((path) => tree.read(path).trim() === '')
      .map((path) => ({ path, message: 'is empty' }));
    const clock = findLines(
      withoutComment(tree),
      (path) => /^prisma\/.+\.sql$/.test(path),
      sqlClock,
      (found) => `${found}: business time is passed in from the Clock`,
    );
    const schema = findLines(
      withoutComment(tree),
      (path) => path.endsWith('.prisma'),
      /@default\(\s*now\(\)|@updatedAt|dbgenerated\([^)]*now\(\)/,
      (found) => `${found}: business time is passed in from the Clock`,
    );
    return [...shape, ...order, ...empty, ...clock, ...schema];
  },
};

export const links: Check = {
  name: 'every relative link leads somewhere',
  run(tree) {
    const known = new Set(tree.paths);
    const folders = new Set(
      tree.paths.flatMap((path) => path.split('/').map((_, index, parts) => parts.slice(0, index).join('/'))),
    );
    const findings: Finding[] = [];
    for (const path of tree.paths.filter((each) => each.endsWith('.md'))) {
      const text = tree.read(path).replace(/```[\s\S]*?```/g, (block) => block.replace(/[^\n]/g, ' '));
      for (const match of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        const target = (match[1] ?? '').replace(/#.*$/, '');
        if (target === '' || /^[a-z]+:/.test(target)) continue;
        const resolved = normalize(join(dirname(path), target)).replace(/\/$/, '');
        const line = text.slice(0, match.index).split('\n').length;
        if (!known.has(resolved) && !folders.has(resolved) && resolved !== '.') {
          findings.push({ path, line, message: `${match[1] ?? ''} leads nowhere` });
        }
      }
    }
    return findings;
  },
};
