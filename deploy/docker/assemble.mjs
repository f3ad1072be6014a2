// Puts together what an image runs, from the tree in which it was built:
//   node deploy/docker/assemble.mjs manifests <app> <folder>   what `npm ci` reads, of every workspace
//   node deploy/docker/assemble.mjs files <app> <folder>       then the built files, and away with what the app does not need
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const [, , step, app, out] = process.argv;
if (!['manifests', 'files'].includes(step) || !app || !out)
  throw new Error('assemble.mjs manifests|files <app> <folder>');

const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const workspaces = ['apps', 'libs', 'prisma', 'tools'].flatMap((kind) =>
  readdirSync(kind)
    .map((name) => `${kind}/${name}`)
    .filter((folder) => existsSync(`${folder}/package.json`)),
);
const folderOf = new Map(workspaces.map((folder) => [read(`${folder}/package.json`).name, folder]));

function needed(name, found = new Set()) {
  if (!folderOf.has(name) || found.has(name)) return found;
  found.add(name);
  const { dependencies = {} } = read(`${folderOf.get(name)}/package.json`);
  for (const each of Object.keys(dependencies)) needed(each, found);
  return found;
}

function copy(from, filter) {
  const to = join(out, from);
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { recursive: true, ...(filter && { filter }) });
}

// What packages bring for others: those who build with them, other servers than PostgreSQL, fonts that are as thick as none of ours.
const isForOthers = (path) =>
  /\.d\.[cm]?ts$|\.map$|\/query_compiler_\w+\.(cockroachdb|mysql|sqlite|sqlserver)\.|-google-fonts\/[^/]+\/(?!400Regular\/|700Bold\/)\d{3}\w+\//.test(
    path,
  );

const isRun = (path) =>
  !/(\.d\.ts|\.tsbuildinfo|\.(int-|e2e-)?spec\.js(\.map)?)$|\/(testing|spec-support)(\/|$)/.test(path);

if (step === 'manifests') {
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) copy(file);
  for (const folder of workspaces) copy(`${folder}/package.json`);
} else {
  const kept = new Set([...needed(`@biplane/${app}`)].map((name) => folderOf.get(name)));
  for (const folder of workspaces) {
    if (!kept.has(folder)) rmSync(join(out, folder), { recursive: true, force: true });
    else copy(`${folder}/dist`, isRun);
    if (kept.has(folder) && existsSync(`${folder}/migrations`)) copy(`${folder}/migrations`);
  }
  // npm links every workspace that a manifest names, also those for its tests.
  for (const [name, folder] of folderOf)
    if (!kept.has(folder)) rmSync(join(out, 'node_modules', name), { force: true });
  const packages = join(out, 'node_modules');
  for (const path of readdirSync(packages, { recursive: true, withFileTypes: true })) {
    const file = join(path.parentPath ?? path.path, path.name);
    if (path.isFile() && isForOthers(file)) rmSync(file);
  }
  copy('LICENSE');
  cpSync('deploy/docker/health.mjs', join(out, 'health.mjs'));
  for (const file of ['package-lock.json', '.npmrc', 'tools', 'node_modules/.package-lock.json']) {
    rmSync(join(out, file), { recursive: true, force: true });
  }
}
