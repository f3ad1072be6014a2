// The second boundary gate. Its planes and types come from the tags in project.json, so a new project is held at once.
// Type-only and dynamic imports count; the "@biplane/source" condition lets it resolve a tree that was never built.
import { domainExceptions, frontDoors, rootsWith } from './tools/checks/eslint/places.mjs';

const exactly = (paths) => paths.map((path) => `^${path.replaceAll('.', '\\.')}$`);
const under = (roots) => roots.map((root) => `^${root}/`);
const spec = '\\.(int-|e2e-)?spec\\.ts$';
/** What the specs of a project share. */
const specSupport = '/src/(spec-support|testing)/';
const domainFolder = '^apps/[^/]+/src/features/[^/]+/domain/';
const domainRoots = rootsWith('type:domain');
const plainDomain = domainRoots.filter((root) => !domainExceptions[root]);
const npm = (name) => `node_modules/${name}/`;
/** How a module of an exception looks once it is resolved: a built-in by its bare name, a package by its folder. */
const resolved = (name) => (name.startsWith('node:') ? `^(node:)?${name.slice(5)}$` : npm(name));

const rule = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

const planes = [
  rule(
    'control-not-to-data',
    'The planes talk through Kafka only.',
    { path: under(rootsWith('plane:control')) },
    { path: under(rootsWith('plane:data')) },
  ),
  rule(
    'data-not-to-control',
    'The planes talk through Kafka only.',
    { path: under(rootsWith('plane:data')) },
    { path: under(rootsWith('plane:control')) },
  ),
  rule(
    'shared-not-to-planes',
    'What both planes use may know neither.',
    { path: under(rootsWith('plane:shared')) },
    { path: under([...rootsWith('plane:control'), ...rootsWith('plane:data')]) },
  ),
  rule(
    'project-front-door',
    'Another project is reached through an entry that its package.json exports.',
    { path: '^((apps|libs|prisma|tools)/[^/]+)/' },
    {
      path: '^(apps|libs|prisma|tools)/[^/]+/',
      pathNot: ['^$1/', ...exactly(frontDoors), '/package\\.json$'],
    },
  ),
  rule(
    'feature-front-door',
    'Another feature is reached through its index.ts.',
    { path: '^apps/([^/]+)/src/features/([^/]+)/' },
    {
      path: '^apps/$1/src/features/[^/]+/',
      pathNot: ['^apps/$1/src/features/$2/', '^apps/$1/src/features/[^/]+/index\\.ts$'],
    },
  ),
];

const purity = [
  rule(
    'domain-is-pure',
    'Domain code imports domain code: no package, no Node built-in, no service.',
    { path: [domainFolder, ...under(plainDomain)], pathNot: spec },
    { pathNot: [domainFolder, ...under(domainRoots)] },
  ),
  ...Object.entries(domainExceptions).map(([root, names]) =>
    rule(
      `domain-is-pure-${root.slice('libs/'.length)}`,
      `Domain code imports domain code; here also ${names.join(' and ')}.`,
      { path: `^${root}/`, pathNot: spec },
      { pathNot: [...under(domainRoots), ...names.map(resolved), ...names.map((name) => npm(`@types/${name}`))] },
    ),
  ),
];

const placed = [
  rule(
    'kafkajs-in-messaging',
    'kafkajs stays behind the port of libs/messaging.',
    { pathNot: ['^libs/(messaging|testing)/', '^tools/'] },
    { path: npm('kafkajs') },
  ),
  rule(
    'prisma-in-stores',
    'Prisma is seen by stores, the database folder of service-kit, prisma/* and src/database.ts of an app.',
    { pathNot: ['\\.store\\.ts$', '^libs/service-kit/src/database/', '^prisma/', '^apps/[^/]+/src/database\\.ts$'] },
    { path: ['node_modules/@prisma/', '^prisma/'] },
  ),
  rule(
    'kubernetes-in-cluster-gateway',
    'One file talks to the cluster; the local one has its types from there.',
    { pathNot: ['/cluster\\.gateway\\.ts$', '^tools/cluster/'] },
    { path: '(^|node_modules/)@kubernetes/' },
  ),
  rule(
    'testing-from-specs-and-tools',
    'Product code never uses the test kit.',
    { path: '^(apps|libs|prisma)/', pathNot: [spec, specSupport, ...under(rootsWith('type:testing'))] },
    { path: under(rootsWith('type:testing')) },
  ),
  rule(
    'spec-support-from-specs',
    'Product code never uses what its specs share.',
    { pathNot: [spec, specSupport] },
    { path: specSupport },
  ),
  rule('specs-are-leaves', 'Nothing imports a spec.', {}, { path: spec }),
  rule('no-cycles', 'Files that need each other are one file, or want a third.', {}, { circular: true }),
];

export default {
  forbidden: [...planes, ...purity, ...placed],
  options: {
    tsPreCompilationDeps: true,
    // The specs' configuration sees every file; what resolves a package is the condition below.
    tsConfig: { fileName: 'tsconfig.base.json' },
    exclude: { path: ['^(apps|libs|prisma|tools)/[^/]+/dist/', '^prisma/[^/]+/src/generated/', '^\\.(nx|biplane)/'] },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@biplane/source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.d.ts', '.mjs', '.js', '.json'],
      mainFields: ['types', 'module', 'main'],
    },
  },
};
