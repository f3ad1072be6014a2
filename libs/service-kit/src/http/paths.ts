import { RequestMethod } from '@nestjs/common';

export const API_PREFIX = 'api/v1';

/** First segments that stand at the root, without the prefix. */
export const UNPREFIXED_ROOTS: readonly string[] = [
  'public',
  'internal',
  'health',
  'metrics',
  'version',
  'oauth',
  '.well-known',
];

/** For `setGlobalPrefix`. */
export function prefixExclusions(roots: readonly string[]): { path: string; method: RequestMethod }[] {
  return roots.flatMap((root) => [`/${root}`, `/${root}/*rest`].map((path) => ({ path, method: RequestMethod.ALL })));
}

/** The full path of a controller's and a method's path, with `:name` parameters. */
export function fullPath(controllerPath: string, methodPath: string, roots: readonly string[]): string {
  const segments = [...controllerPath.split('/'), ...methodPath.split('/')].filter(Boolean);
  const prefix = roots.includes(segments[0] ?? '') ? [] : API_PREFIX.split('/');
  return `/${[...prefix, ...segments].join('/')}`;
}
