/** Which methods a path answers: tells 405 from 404. Filled once the routes are known. */
export class RouteTable {
  private rows: { pattern: RegExp; method: string }[] = [];

  constructor(
    /** First segments that stand at the root, without the prefix. */
    readonly roots: readonly string[],
  ) {}

  fill(routes: readonly { method: string; path: string }[]): void {
    this.rows = routes.map(({ method, path }) => ({ method, pattern: patternOf(path) }));
  }

  methodsOf(url: string): string[] {
    const path = url.split(/[?#]/, 1)[0]!.slice(0, 2048);
    const methods = this.rows.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method);
    return [...new Set(methods)].sort();
  }
}

function patternOf(path: string): RegExp {
  const segments = path.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+';
    if (segment.startsWith('*')) return '.*';
    return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${segments.join('/')}$`);
}
