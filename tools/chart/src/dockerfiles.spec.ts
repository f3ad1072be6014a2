import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { copyOf, parseDockerfile, wordsOf, type Instruction } from './dockerfile.js';
import { root } from './places.js';
import { dockerfileOf, images, type Image } from './rehearse.js';

const instructionsOf = (image: Image) => parseDockerfile(readFileSync(dockerfileOf(image), 'utf8'));
const last = (all: readonly Instruction[], keyword: string): Instruction => {
  const found = all.filter((each) => each.stage === 1 && each.keyword === keyword).at(-1);
  if (!found) throw new Error(`the final stage has no ${keyword}`);
  return found;
};
/** The source of a built entry. */
const sourceOf = (entry: string) => path.join(root, entry.replace('/dist/', '/src/').replace(/\.js$/, '.ts'));

describe.each(images)('the Dockerfile of %s', (image) => {
  const all = instructionsOf(image);
  const runs = all.filter(({ keyword }) => keyword === 'RUN').map(({ text }) => text);

  it('has two stages of one base, which is given by digest and has no default that could move', () => {
    expect(all.filter(({ keyword }) => keyword === 'FROM').map(({ text }) => text)).toEqual([
      '${NODE_IMAGE} AS build',
      '${NODE_IMAGE}',
    ]);
    expect(all.filter(({ stage, keyword }) => stage === -1 && keyword === 'ARG')[0]?.text).toBe('NODE_IMAGE');
  });

  it('ends as a user that is a number and not root', () => {
    expect(last(all, 'USER').text).toMatch(/^[1-9][0-9]*:[1-9][0-9]*$/);
  });

  it('takes nothing from outside the tree and the build, and what it takes from the tree is there', () => {
    expect(all.some(({ keyword }) => keyword === 'ADD')).toBe(false);
    for (const copy of all.filter(({ keyword }) => keyword === 'COPY').map(copyOf)) {
      if (copy.from !== null) expect(copy).toEqual({ from: 'build', sources: ['/app'], target: '/app' });
      else expect(copy.sources.filter((source) => !existsSync(path.join(root, source)))).toEqual([]);
    }
  });

  it('leaves no development dependency in what runs, and runs no install script', () => {
    const installs = runs.filter((run) => /\bnpm (ci|install)\b/.test(run));
    expect(installs.every((run) => run.includes('npm ci') && run.includes('--ignore-scripts'))).toBe(true);
    expect(installs.at(-1)).toMatch(new RegExp(`--omit=dev .*--workspace @biplane/${image}$`));
    expect(all.filter(({ stage, keyword }) => stage === 1 && keyword === 'RUN')).toEqual([]);
  });

  it('starts an entry of its own without a shell, and asks it for its health', () => {
    expect(wordsOf(last(all, 'ENTRYPOINT'))).toEqual(['node', '--enable-source-maps']);
    const [entry = ''] = wordsOf(last(all, 'CMD'));
    expect(entry).toBe(`apps/${image}/dist/main.js`);
    expect(existsSync(sourceOf(entry))).toBe(true);
    expect(wordsOf(last(all, 'HEALTHCHECK'))).toEqual(['node', 'health.mjs']);
    expect(existsSync(path.join(root, 'deploy', 'docker', 'health.mjs'))).toBe(true);
  });

  it('says what it is, and holds no secret', () => {
    expect(last(all, 'LABEL').text).toMatch(/org\.opencontainers\.image\.licenses="Apache-2\.0"/);
    expect(
      all.filter(({ keyword, text }) => /^(ARG|ENV)$/.test(keyword) && /PASSWORD|SECRET|TOKEN|KEY/.test(text)),
    ).toEqual([]);
  });
});

describe('.dockerignore', () => {
  const lines = readFileSync(path.join(root, '.dockerignore'), 'utf8').split('\n');

  it('lets in what the images are built from by name, and nothing else', () => {
    expect(lines.filter((line) => line !== '' && !line.startsWith('#'))[0]).toBe('*');
    expect(lines).toEqual(expect.arrayContaining(['**/node_modules', '**/dist', '**/.env', '**/*.pem']));
    const allowed = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = images.flatMap((image) =>
      instructionsOf(image)
        .filter(({ keyword, stage }) => keyword === 'COPY' && stage === 0)
        .flatMap((copy) => copyOf(copy).sources),
    );
    expect([...new Set(copied)].sort()).toEqual([...allowed].sort());
  });
});
