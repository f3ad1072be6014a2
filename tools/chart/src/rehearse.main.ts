import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cacheFolder, closeRuns, startStack, temporaryRun } from '@biplane/stack';
import { images, rehearse } from './rehearse.js';

// Builds both images' file systems in plain folders, step by step as their Dockerfiles say, and runs a whole stack from what came
// of it: migrations, topics and both services until they are ready. Ends with code 1 and the reason when a step fails.
// An argument is another tree to build from, such as what `git archive` gives.
const context = process.argv[2];
const folder = mkdtempSync(path.join(tmpdir(), 'biplane-images-'));
const say = (line: string) => process.stdout.write(`${line}\n`);

/** What a process that writes into its image would change. */
function contents(at: string): string {
  return readdirSync(at, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((file) => {
      const { size, mtimeMs, mode } = lstatSync(path.join(at, file));
      return `${file} ${size} ${mtimeMs} ${mode}`;
    })
    .join('\n');
}

try {
  // Where the services are looked for: a link for each, so that it finds what is in its own image and nothing else.
  const root = path.join(folder, 'root');
  mkdirSync(path.join(root, 'apps'), { recursive: true });
  const built: string[] = [];
  for (const image of images) {
    const app = await rehearse(image, path.join(folder, image), (line) => say(`${image}: ${line}`), context);
    symlinkSync(path.join(app, 'apps', image), path.join(root, 'apps', image));
    built.push(app);
  }
  const before = built.map(contents);
  const stack = await startStack({
    root,
    environment: process.env,
    run: await temporaryRun(cacheFolder(process.env)),
    stackFile: path.join(folder, 'stack.json'),
    durable: false,
    step: async (title, work) => {
      const done = await work();
      say(`✓ ${title}`);
      return done;
    },
    say,
  });
  await stack.stop();
  const written = built.filter((app, index) => contents(app) !== before[index]);
  if (written.length > 0)
    throw new Error(`written at run time: ${written.join(', ')}; a read-only root would refuse it`);
  say('both services were ready from what their images hold, and wrote nothing into it');
} finally {
  await closeRuns();
  rmSync(folder, { recursive: true, force: true });
}
