import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A name that TypeScript does not follow: it is the JavaScript that a process is started with. */
const { asJavaScript } = (await import(new URL('./source-tree.mjs', import.meta.url).href)) as {
  asJavaScript: (file: URL, root: string) => Promise<string>;
};

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'sources-'));
  for (const kind of ['apps', 'prisma', 'tools']) mkdirSync(join(root, kind));
  for (const name of ['one', 'two']) {
    mkdirSync(join(root, 'libs', name, 'src'), { recursive: true });
    const entry = { '@biplane/source': './src/index.ts', default: './dist/index.js' };
    const manifest = { name: `@biplane/${name}`, type: 'module', exports: { '.': entry } };
    writeFileSync(join(root, 'libs', name, 'package.json'), JSON.stringify(manifest));
  }
});
afterAll(() => rmSync(root, { recursive: true }));

const source = (name: string) => join(root, 'libs', name, 'src', 'index.ts');
const run = async (file = source('two')): Promise<unknown> => {
  const program = `console.log(JSON.stringify({ ...(await import('${await asJavaScript(pathToFileURL(file), root)}')) }))`;
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' }));
};

describe('sources as JavaScript', () => {
  it('are what the sources say now, find each other by name, and know where their source stands', async () => {
    writeFileSync(source('one'), `export const said: string = 'first';`);
    writeFileSync(
      source('two'),
      `import { said } from '@biplane/one';\nexport const heard: string = said;\nexport const here = import.meta.url;`,
    );
    const here = pathToFileURL(source('two')).href;
    expect(await run()).toEqual({ heard: 'first', here });
    writeFileSync(source('one'), `export const said: string = 'later';`);
    utimesSync(source('one'), 2_000_000_000, 2_000_000_000);
    expect(await run()).toEqual({ heard: 'later', here });
  });

  it('are a program too that stands in no project', async () => {
    writeFileSync(source('one'), `export const said: string = 'first';`);
    const folder = join(root, 'out', 'of', 'a', 'readme');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'heard.ts'), `export { said as heard } from '@biplane/one';`);
    writeFileSync(join(folder, 'main.ts'), `export * from './heard.js';`);
    expect(await run(join(folder, 'main.ts'))).toEqual({ heard: 'first' });
  });
});
