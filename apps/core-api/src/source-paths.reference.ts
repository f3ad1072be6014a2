import { writeFile } from 'node:fs/promises';
import { sourcePaths } from './source-paths.js';

export function sourcePathsReference(): string {
  const rows = sourcePaths.map(({ source, method, path, ours }) => {
    const how = path === ours ? 'the same' : '308';
    return `| ${source} | ${method} \`${path}\` | \`${ours}\` | ${how} |`;
  });
  return [
    '# Paths that the sources name',
    '',
    'Generated.',
    '',
    '| source | path | ours | how |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

export async function writeSourcePaths(file: string): Promise<string> {
  await writeFile(file, sourcePathsReference());
  return file;
}
