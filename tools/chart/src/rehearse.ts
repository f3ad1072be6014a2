import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { copyOf, parseDockerfile, type Instruction } from './dockerfile.js';
import { root } from './places.js';

export const images = ['core-api', 'tenant-api'] as const;
export type Image = (typeof images)[number];

export const dockerfileOf = (image: Image): string => path.join(root, 'deploy', 'docker', `${image}.Dockerfile`);

/**
 * Carries out the instructions of a Dockerfile in a plain folder, which stands for the file system of the build: `/src` and `/app`
 * are folders in it. What it proves is that the steps work and that what they leave runs; no image comes of it, and neither the base
 * nor its Node.js is tried. Answers the folder that would be /app.
 */
export async function rehearse(
  image: Image,
  folder: string,
  say: (line: string) => void,
  context: string = root,
): Promise<string> {
  const build = parseDockerfile(readFileSync(dockerfileOf(image), 'utf8')).filter(({ stage }) => stage === 0);
  const place = (inImage: string) => path.join(folder, inImage);
  let workingFolder = '/';
  for (const instruction of build) {
    if (instruction.keyword === 'FROM') continue;
    say(`${instruction.keyword} ${instruction.text}`);
    if (instruction.keyword === 'WORKDIR') {
      workingFolder = path.posix.resolve(workingFolder, instruction.text);
      mkdirSync(place(workingFolder), { recursive: true });
    } else if (instruction.keyword === 'COPY') {
      copyFromTree(context, instruction, place(workingFolder));
    } else if (instruction.keyword === 'RUN') {
      await shell(instruction.text.replaceAll(/(?<=^|\s)\/app\b/g, place('/app')), place(workingFolder));
    } else {
      throw new Error(`${instruction.keyword} in the build stage is not understood here`);
    }
  }
  return place('/app');
}

function copyFromTree(context: string, instruction: Instruction, workingFolder: string): void {
  const { from, sources, target } = copyOf(instruction);
  if (from !== null) throw new Error('the build stage copies from the tree alone');
  for (const source of sources) {
    const to = path.resolve(workingFolder, target, ...(target.endsWith('/') ? [path.basename(source)] : []));
    cpSync(path.join(context, source), to, { recursive: true, filter: (file) => !isIgnored(file) });
  }
}

/** What .dockerignore keeps out of the context. */
function isIgnored(file: string): boolean {
  return /\/(node_modules|dist|generated)$|\.tsbuildinfo$|\/\.env(\.|$)|\.pem$/.test(file);
}

function shell(command: string, cwd: string): Promise<void> {
  const child = spawn('sh', ['-c', command], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let told = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (told = (told + chunk).slice(-8_000)));
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`${command}: ${code}\n${told}`))));
  });
}
