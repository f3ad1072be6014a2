// Where things may stand. One table for both gates: ESLint's local rules and dependency-cruiser read it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const workspaceRoot = fileURLToPath(new URL('../../../', import.meta.url));

/** The path from the workspace root, with forward slashes. */
export const inWorkspace = (filename) => relative(workspaceRoot, filename).split(sep).join('/');

export const specFile = /\.(int-|e2e-)?spec\.ts$/;

/** Every project with its tags, read from the disk: no cache can go stale and skip a rule in silence. */
export const projects = ['apps', 'libs', 'prisma', 'tools'].flatMap((folder) =>
  readdirSync(join(workspaceRoot, folder))
    .map((name) => `${folder}/${name}`)
    .filter((root) => existsSync(join(workspaceRoot, root, 'project.json')))
    .map((root) => ({ root, tags: JSON.parse(readFileSync(join(workspaceRoot, root, 'project.json'), 'utf8')).tags })),
);

/** The front doors of a project: the sources of what its package.json exports, src/index.ts first of all. */
export const frontDoors = projects.flatMap(({ root }) => {
  const { exports = {} } = JSON.parse(readFileSync(join(workspaceRoot, root, 'package.json'), 'utf8'));
  return Object.values(exports)
    .map((entry) => entry['@biplane/source'])
    .filter((source) => typeof source === 'string')
    .map((source) => `${root}/${source.replace(/^\.\//, '')}`);
});

export const rootsWith = (tag) => projects.filter(({ tags }) => tags.includes(tag)).map(({ root }) => root);

/** Files that must be pure: domain libraries and the `domain/` folder of each feature; never their specs. */
const domainRoots = rootsWith('type:domain');
export const isPure = (path) =>
  !specFile.test(path) &&
  (domainRoots.some((root) => path.startsWith(`${root}/src/`)) ||
    /^apps\/[^/]+\/src\/features\/[^/]+\/domain\//.test(path));

/** What a domain library may import besides domain code: the named exceptions of ARCHITECTURE.md, and no more. */
export const domainExceptions = {
  'libs/licensing': ['node:crypto', 'jsonwebtoken'],
  'libs/billing-calendar': ['temporal-polyfill'],
};

export const kafkaPlaces = /^(libs\/(messaging|testing)|tools\/[^/]+)\//;
export const prismaPlaces =
  /^(apps\/[^/]+\/src\/(.+\.store|database)\.ts$|libs\/[^/]+\/src\/.+\.store\.ts$|libs\/service-kit\/src\/database\/|prisma\/)/;
// The local cluster's node agent is no client of ours but a part of a cluster: it has the objects' types from there.
export const kubernetesPlaces = /(\/cluster\.gateway\.ts$|^tools\/cluster\/)/;
export const environmentPlaces = /^(libs\/service-kit\/src\/(environment|spec-support)\/|libs\/testing\/|tools\/)/;
// A tenant service has no Clock of ours: its gate brings one.
export const clockPlaces =
  /^(libs\/service-kit\/src\/clock\/|libs\/license-gate\/src\/system-clock\.ts$|libs\/testing\/|tools\/)/;
export const moneyPlaces =
  /^(libs\/pricing|libs\/kernel|libs\/billing-calendar|apps\/[^/]+\/src\/features\/[^/]*(invoice|billing|financial|quote|statement|cost)[^/]*)\//;
/** `Number()` is a float too; the kernel may use it for exponents and digits, the calendar for years and days. */
export const strictMoneyPlaces =
  /^(libs\/pricing|apps\/[^/]+\/src\/features\/[^/]*(invoice|billing|financial|quote|statement|cost)[^/]*)\//;
