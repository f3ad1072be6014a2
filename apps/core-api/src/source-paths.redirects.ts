import { sourcePathsOf } from '@biplane/contracts';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** 308 keeps method and body, so a client of the source works once it follows redirects. Says nothing that needs a token. */
export function redirectSourcePaths(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  for (const { method, path, ours } of sourcePathsOf('core-api').filter((row) => row.path !== row.ours)) {
    fastify.route({
      method,
      url: path,
      handler: (request, reply) => {
        const query = request.url.indexOf('?');
        const there = filled(ours, request.params as Readonly<Record<string, string>>);
        void reply.redirect(query === -1 ? there : there + request.url.slice(query), 308);
      },
    });
  }
}

/** `:name` becomes the segment that was sent: encoded, so that it stays one segment of our own path. */
function filled(path: string, params: Readonly<Record<string, string>>): string {
  return path.replace(/:([a-z]+)/gi, (_, name: string) =>
    encodeURIComponent(params[name] ?? '').replaceAll('%3A', ':'),
  );
}
