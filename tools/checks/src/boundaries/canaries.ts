/** One planted file: which rule of each gate must refuse it. An empty list means that the gate must let it pass. */
export interface Canary {
  readonly name: string;
  readonly path: string;
  readonly text: string;
  readonly lint: readonly string[];
  readonly cruiser: readonly string[];
}

const modules = '@nx/enforce-module-boundaries';
const core = 'apps/core-api/src';
const home = 'apps/tenant-api/src';

let count = 0;
const canary = (name: string, folder: string, text: string, lint: string[], cruiser: string[]): Canary => {
  count += 1;
  return {
    name,
    path: folder.endsWith('.ts') ? folder : `${folder}/canary-${count}.ts`,
    text: `${text}\n`,
    lint,
    cruiser,
  };
};

/** Every way in which TypeScript can name another module. */
const ways = (specifier: string): [string, string][] => [
  ['static', `import * as other from '${specifier}';\nexport const used = other;`],
  ['type-only', `import type * as other from '${specifier}';\nexport type Used = typeof other;`],
  ['dynamic', `export const used = (): Promise<unknown> => import('${specifier}');`],
  ['re-exporting', `export * from '${specifier}';`],
];

const planes = [
  ...ways('@biplane/prisma-home').map(([way, text]) =>
    canary(`control to data, ${way}`, core, text, [modules], ['control-not-to-data']),
  ),
  ...ways('../../tenant-api/src/index.js').map(([way, text]) =>
    canary(`control to data by a relative path, ${way}`, core, text, [modules], ['control-not-to-data']),
  ),
  ...ways('@biplane/prisma-core').map(([way, text]) =>
    canary(`data to control, ${way}`, home, text, [modules], ['data-not-to-control']),
  ),
  ...ways('@biplane/core-api').map(([way, text]) =>
    canary(`shared to a plane, ${way}`, 'libs/pricing/src', text, [modules], ['shared-not-to-planes']),
  ),
  ...ways('@biplane/tenant-api').map(([way, text]) =>
    canary(`a tool to a plane, ${way}`, 'tools/demo/src', text, [modules], ['shared-not-to-planes']),
  ),
  ...ways('@biplane/testing').map(([way, text]) =>
    canary(`product code to the test kit, ${way}`, home, text, [modules], ['testing-from-specs-and-tools']),
  ),
];

const features = ways('../right/right.service.js').map(([way, text]) =>
  canary(
    `an inner file of another feature, ${way}`,
    `${core}/features/left`,
    text,
    ['biplane/feature-front-door'],
    ['feature-front-door'],
  ),
);

const domainFolder = `${core}/features/left/domain`;
const purity = [
  ...['node:fs', 'crypto', '@nestjs/common', '../left.service.js', '@biplane/service-kit'].flatMap((specifier) =>
    ways(specifier).map(([way, text]) =>
      canary(
        `a feature's domain to ${specifier}, ${way}`,
        domainFolder,
        text,
        ['biplane/pure-domain'],
        ['domain-is-pure'],
      ),
    ),
  ),
  ...ways('node:os').map(([way, text]) =>
    canary(
      `a domain library to a built-in, ${way}`,
      'libs/pricing/src',
      text,
      ['biplane/pure-domain'],
      ['domain-is-pure'],
    ),
  ),
  ...ways('rxjs').map(([way, text]) =>
    canary(
      `a domain library to a package, ${way}`,
      'libs/kernel/src',
      text,
      ['biplane/pure-domain'],
      ['domain-is-pure'],
    ),
  ),
  ...ways('node:fs').map(([way, text]) =>
    canary(
      `licensing beyond its exceptions, ${way}`,
      'libs/licensing/src',
      text,
      ['biplane/pure-domain'],
      ['domain-is-pure-licensing'],
    ),
  ),
  ...ways('jsonwebtoken').map(([way, text]) =>
    canary(
      `the calendar beyond its exception, ${way}`,
      'libs/billing-calendar/src',
      text,
      ['biplane/pure-domain'],
      ['domain-is-pure-billing-calendar'],
    ),
  ),
  ...[
    ['the clock', 'Date.now()'],
    ['a new Date()', 'new Date()'],
    ['randomness', 'Math.random()'],
    ['process', 'process.pid'],
    ['a timer', 'setTimeout(() => undefined, 1)'],
    ['the console', "console.log('x')"],
    ['fetch', "fetch('http://localhost')"],
    ['global crypto', 'crypto.randomUUID()'],
  ].flatMap(([what, expression]) =>
    [domainFolder, 'libs/kernel/src'].map((folder) =>
      canary(
        `${what ?? ''} in domain code (${folder})`,
        folder,
        `export const used = (): unknown => ${expression ?? ''};`,
        ['biplane/pure-domain'],
        [],
      ),
    ),
  ),
];

const places = [
  ...ways('kafkajs').map(([way, text]) =>
    canary(`kafkajs outside messaging, ${way}`, core, text, ['biplane/kafkajs-in-messaging'], ['kafkajs-in-messaging']),
  ),
  ...ways('@biplane/prisma-core').map(([way, text]) =>
    canary(
      `Prisma outside a store, ${way}`,
      `${core}/features/left`,
      text,
      ['biplane/prisma-in-stores'],
      ['prisma-in-stores'],
    ),
  ),
  ...ways('@prisma/adapter-pg').map(([way, text]) =>
    canary(
      `the Prisma adapter outside the database folder, ${way}`,
      'libs/service-kit/src/http',
      text,
      ['biplane/prisma-in-stores'],
      ['prisma-in-stores'],
    ),
  ),
  ...ways('@kubernetes/client-node').map(([way, text]) =>
    canary(
      `the cluster client outside its gateway, ${way}`,
      core,
      text,
      ['biplane/kubernetes-in-cluster-gateway'],
      ['kubernetes-in-cluster-gateway'],
    ),
  ),
];

const code = [
  canary(
    'process.env in an app',
    core,
    'export const used = process.env.HOME;',
    ['biplane/environment-in-service-kit'],
    [],
  ),
  canary(
    'process.env taken apart',
    home,
    'export const { env } = process;',
    ['biplane/environment-in-service-kit'],
    [],
  ),
  canary(
    'a SubscriptionController in core-api',
    core,
    'export class SubscriptionController {}',
    ['biplane/subscription-controller-in-tenant-api'],
    [],
  ),
  canary('the wall clock in an app', home, 'export const used = (): number => Date.now();', ['biplane/clock-only'], []),
  canary(
    'new Date() in a library',
    'libs/messaging/src',
    'export const used = (): Date => new Date();',
    ['biplane/clock-only'],
    [],
  ),
  canary(
    'the clock of the database',
    core,
    "export const used = 'UPDATE tenant SET changed_at = now()';",
    ['biplane/no-sql-clock'],
    [],
  ),
  canary(
    'the clock of the database in a template',
    core,
    'export const used = (id: string): string => `UPDATE tenant SET at = CURRENT_TIMESTAMP WHERE id = ${id}`;',
    ['biplane/no-sql-clock'],
    [],
  ),
  canary(
    'a float near money',
    `${core}/features/invoices`,
    "export const used = parseFloat('1');",
    ['biplane/no-float-money'],
    [],
  ),
  canary(
    'a formatted float near money',
    'libs/pricing/src',
    'export const used = (2).toFixed(2);',
    ['biplane/no-float-money'],
    [],
  ),
  canary('a fraction near money', 'libs/pricing/src', 'export const used = 0.1;', ['biplane/no-float-money'], []),
  canary(
    'a lost promise',
    home,
    'const work = async (): Promise<void> => Promise.resolve();\nexport const used = (): void => {\n  work();\n};',
    ['@typescript-eslint/no-floating-promises'],
    [],
  ),
  canary(
    'a sum across an await',
    home,
    'export async function used(total: number, next: Promise<number>): Promise<number> {\n  total += await next;\n  return total;\n}',
    ['no-restricted-syntax'],
    [],
  ),
  canary(
    'keys that share a lock with the job that made them',
    home,
    "import { generateKeyPairSync } from 'node:crypto';\nexport const used = generateKeyPairSync('ec', { namedCurve: 'P-256' });",
    ['no-restricted-syntax'],
    [],
  ),
];

const cycle = [
  canary(
    'one half of a circle',
    `${home}/circle-left.ts`,
    "import { right } from './circle-right.js';\nexport const left = (): unknown => right;",
    [],
    ['no-cycles'],
  ),
  canary(
    'the other half of the circle, which is reported once',
    `${home}/circle-right.ts`,
    "import { left } from './circle-left.js';\nexport const right = (): unknown => left;",
    [],
    [],
  ),
  canary(
    'product code that imports what its specs share',
    `${core}/testing-user.ts`,
    "export * from './testing/kept.js';",
    [],
    ['spec-support-from-specs'],
  ),
  canary('product code that imports a spec', core, "export * from './kept.spec.js';", [], ['specs-are-leaves']),
];

/** What the boundaries allow: a gate that refuses everything would pass the others. */
const allowed = [
  canary('a neighbour through its front door', `${core}/features/left`, "export * from '../right/index.js';", [], []),
  canary('a store with Prisma', `${core}/features/left/left.store.ts`, "export * from '@biplane/prisma-core';", [], []),
  canary('the wiring of an app with Prisma', `${core}/database.ts`, "export * from '@biplane/prisma-core';", [], []),
  canary('messaging with kafkajs', 'libs/messaging/src', "export { Kafka } from 'kafkajs';", [], []),
  canary(
    'licensing with its exceptions',
    'libs/licensing/src',
    "export { createHash } from 'node:crypto';\nexport * from 'jsonwebtoken';",
    [],
    [],
  ),
  canary('the calendar with its exception', 'libs/billing-calendar/src', "export * from 'temporal-polyfill';", [], []),
  canary(
    'domain code with domain code',
    domainFolder,
    "export * from '@biplane/kernel';\nexport const at = (now: Date): Date => new Date(now.getTime());",
    [],
    [],
  ),
  canary('a spec', `${core}/kept.spec.ts`, 'export const kept = 1;', [], []),
  // The planted circles run through both apps and the pricing library, so this stands beside them.
  canary('a spec with the test kit', 'prisma/tenant/src/kept.spec.ts', "export * from '@biplane/testing';", [], []),
  canary('what specs share with the test kit', `${core}/testing/kept.ts`, "export * from '@biplane/testing';", [], []),
  canary('an app with a shared library', home, "export * from '@biplane/service-kit';", [], []),
  canary('a front door', `${core}/features/right/index.ts`, "export * from './right.service.js';", [], []),
  canary('a service', `${core}/features/right/right.service.ts`, "export const right = 'right';", [], []),
  canary('another service', `${core}/features/left/left.service.ts`, "export const left = 'left';", [], []),
];

export const canaries: readonly Canary[] = [
  ...planes,
  ...features,
  ...purity,
  ...places,
  ...code,
  ...cycle,
  ...allowed,
];
