import { findLines, isSpec, type Check } from './tree.js';

// A bracket around one letter keeps a pattern from finding itself: the checks look at their own files too.

const isCode = (path: string): boolean => /\.(ts|mts|mjs)$/.test(path);
const isProduct = (path: string): boolean => /^(apps|libs|tools|prisma|deploy|charts)\//.test(path);
const notLock = (path: string): boolean => path !== 'package-lock.json';

export const fileSizes: Check = {
  name: 'files stay small',
  run: (tree) =>
    tree.paths
      .filter((path) => /\.ts$/.test(path))
      .map((path) => ({ path, lines: tree.read(path).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300)
      .map(({ path, lines }) => ({ path, message: `${lines} lines: a second noun wants out`, note: lines <= 400 })),
};

export const spelling: Check = {
  name: 'license is spelled with an s',
  run: (tree) => findLines(tree, notLock, /\blicen[c]e/i, (found) => `"${found}": write license`),
};

export const unfinished: Check = {
  name: 'nothing is left for later in the product',
  run: (tree) =>
    findLines(
      tree,
      isProduct,
      /\b(TO[D]O|FIX[M]E|HA[C]K|not implemente[d]|stu[b])\b/,
      (found) => `"${found}": finish it or take it out`,
    ),
};

export const registryHosts: Check = {
  name: 'no registry host is in the repository',
  run: (tree) => [
    ...findLines(
      tree,
      notLock,
      /\b(registry\.(npmjs\.org|yarnpkg\.com)|proxy\.golang\.org|repo1?\.maven\.(apache\.)?org|pypi\.org)\b/,
      (found) => `names the package registry ${found}`,
    ),
    ...findLines(
      tree,
      (path) => path === 'package-lock.json',
      /"resolved": "https?:/,
      () => 'the lock file names a registry: write it again with omit-lockfile-registry-resolved=true',
    ),
    ...findLines(
      tree,
      (path) => /(^|\/)\.npmrc$/.test(path),
      /^\s*(@[^:]+:)?registry\s*=/,
      () => 'sets a registry',
    ),
  ],
};

export const machinePaths: Check = {
  name: 'no path of a machine is in the repository',
  run: (tree) =>
    findLines(
      tree,
      notLock,
      /(^|[^A-Za-z0-9_.$}/-])\/(home|root|Users|work|tmp)\/[A-Za-z0-9._-]+/,
      (found) => `${found} exists on one machine only`,
    ),
};

export const narrowedTests: Check = {
  name: 'no test is switched off, narrowed or mocked by module',
  run: (tree) =>
    findLines(
      tree,
      isSpec,
      /\b(describe|it|test)(\.each)?\.(skip|only|todo)\b|\b(xit|xdescribe|fit|fdescribe)\(|\bjest\.(unstable_mockModule|mock)\(/,
      (found) => `${found}: every test runs, on real or injected parts`,
    ),
};

export const fixedSleeps: Check = {
  name: 'no test sleeps for a fixed time',
  run: (tree) =>
    findLines(
      tree,
      isSpec,
      /setTimeout\(\s*(r|res|resolve|done)\s*[,)]|\b(sleep|delay)\(\s*[\d_]+\s*\)|from 'node:timers\/promises'/,
      (found) => `${found}: move the clock, or await the condition with a deadline`,
    ),
};

export const floatsNearMoney: Check = {
  name: 'no float comes near money',
  run: (tree) =>
    findLines(
      tree,
      (path) =>
        isCode(path) &&
        !isSpec(path) &&
        /^(libs\/(pricing|kernel|billing-calendar)|apps\/[^/]+\/src\/features\/[^/]*(invoice|billing|financial)[^/]*)\//.test(
          path,
        ),
      /parseFloat\(|toFixed\(/,
      (found) => `${found}…): use Decimal, Rational or Money`,
    ),
};

export const reasonedSuppressions: Check = {
  name: 'a suppression names its rule and its reason',
  run: (tree) => [
    ...findLines(tree, isCode, /eslint-disable(-next-line|-line)?\s*($|\*\/|--)/, () => 'a suppression without a rule'),
    ...findLines(
      tree,
      isCode,
      /eslint-disable(-next-line|-line)?\s+[a-z@/-]+(?!.*--\s*\S)/,
      () => 'a suppression without a reason: add "-- why"',
    ),
    ...findLines(tree, isCode, /@ts-(ignore|nocheck)\b/, (found) => `${found} hides everything`),
  ],
};

export const controllerName: Check = {
  name: 'only tenant-api has a SubscriptionController',
  run: (tree) =>
    findLines(
      tree,
      (path) => path.endsWith('.ts') && !path.startsWith('apps/tenant-api/') && !path.startsWith('tools/checks/'),
      /\bclass SubscriptionController\b/,
      (found) => `${found} outside tenant-api`,
    ),
};
