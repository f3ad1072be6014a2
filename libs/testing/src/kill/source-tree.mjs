import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OPTIONS = {
  configFile: false,
  jsc: {
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    target: 'es2022',
  },
  module: { type: 'es6' },
};
const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const KINDS = ['apps', 'libs', 'prisma', 'tools'];
const IS_SOURCE = /(?<!\.d|spec)\.ts$/;
const madeBy = createHash('sha256')
  .update(readFileSync(fileURLToPath(import.meta.url)))
  .digest('hex');
// Beneath node_modules: from there, what is installed is found as from the sources.
const treeOf = (root) => join(root, 'node_modules', '.cache', 'biplane-sources', madeBy.slice(0, 12));

/**
 * Keeps all sources as JavaScript in a tree of the same shape, makes anew what has changed since, and says where in it this file
 * is. Hooks of the module loader would do it in every process again, with a thread and a message for each file: one to two
 * seconds of processor time in each of the hundreds of processes that suites start.
 */
export async function asJavaScript(file, root = ROOT) {
  const tree = treeOf(root);
  for (const kind of KINDS) {
    for (const name of readdirSync(join(root, kind))) {
      const [from, to] = [join(root, kind, name), join(tree, kind, name)];
      if (!existsSync(join(from, 'package.json'))) continue;
      keepManifest(from, to, tree);
      await keepSources(join(from, 'src'), join(to, 'src'));
    }
  }
  const path = relative(root, fileURLToPath(file));
  // What a suite wrote by itself, a program out of a README for one.
  if (!KINDS.some((kind) => path.startsWith(join(kind, '/')))) {
    write(join(tree, 'package.json'), JSON.stringify({ type: 'module' }));
    await keepSources(dirname(join(root, path)), dirname(join(tree, path)));
  }
  return pathToFileURL(join(tree, path).replace(/\.ts$/, '.js')).href;
}

async function keepSources(from, to) {
  for (const entry of readdirSync(from, { recursive: true })) {
    if (!IS_SOURCE.test(entry)) continue;
    const source = join(from, entry);
    const kept = join(to, entry).replace(/\.ts$/, '.js');
    const changed = statSync(source).mtime;
    const before = statSync(kept, { throwIfNoEntry: false });
    if (before?.mtime.getTime() === changed.getTime()) continue;
    // What stands beside a source (SQL, fonts, migrations) is read from there.
    const here = JSON.stringify(pathToFileURL(source).href);
    write(kept, (await transformed(source)).replaceAll('import.meta.url', here), changed);
  }
}

/** With where its own dependencies are found, and where the others find it. */
function keepManifest(from, to, tree) {
  const manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  const [kept, text] = [join(to, 'package.json'), JSON.stringify(entriesInSource(manifest))];
  if (existsSync(kept) && readFileSync(kept, 'utf8') === text) return;
  mkdirSync(to, { recursive: true });
  mkdirSync(join(tree, 'node_modules', '@biplane'), { recursive: true });
  link(to, join(tree, 'node_modules', manifest.name));
  if (existsSync(join(from, 'node_modules'))) link(join(from, 'node_modules'), join(to, 'node_modules'));
  write(kept, text);
}

function link(target, path) {
  try {
    symlinkSync(target, path);
  } catch (error) {
    // Another process was quicker.
    if (error.code !== 'EEXIST' || readlinkSync(path) !== target) throw error;
  }
}

/** What stands in `dist` when it is built stands in `src` here. */
function entriesInSource(node) {
  if (typeof node === 'string') return node.replace(/^\.\/dist\//, './src/');
  if (typeof node !== 'object' || node === null) return node;
  const members = Object.entries(node).filter(([key]) => key !== '@biplane/source' && key !== 'types');
  return Object.fromEntries(members.map(([key, value]) => [key, entriesInSource(value)]));
}

async function transformed(filename) {
  const { transformSync } = await import('@swc/core');
  const text = readFileSync(filename, 'utf8');
  try {
    return transformSync(text, { filename, ...OPTIONS }).code;
  } catch {
    // One that is being edited harms only who imports it, and is told of it by Node.
    return text;
  }
}

/** Whole or not at all: whoever writes it may be killed in the middle. */
function write(path, text, changed) {
  mkdirSync(dirname(path), { recursive: true });
  const writing = `${path}.${randomUUID()}`;
  writeFileSync(writing, text);
  if (changed) utimesSync(writing, changed, changed);
  renameSync(writing, path);
}
