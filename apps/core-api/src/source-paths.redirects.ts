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
        void reply.redirect(query === -1 ? ours : ours + request.url.slice(query), 308);
      },
    });
  }
}
