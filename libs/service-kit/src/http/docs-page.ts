import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { openApiDocument, type DocsOptions } from './openapi.js';

const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
};
const START_SCRIPT = `SwaggerUIBundle({ url: '/docs/openapi.json', dom_id: '#ui', deepLinking: true });`;

/**
 * `/docs` (the page) and `/docs/openapi.json`; a handful of fixed files, so no static file server is needed. The document is made
 * when it is first asked for: most processes never are, and each would pay for it at its start.
 */
export function serveDocs(app: NestFastifyApplication, options: DocsOptions): void {
  const fastify = app.getHttpAdapter().getInstance();
  let document: string | undefined;
  const serve = (path: string, type: string, body: () => string): void => {
    fastify.get(path, (_, reply) => {
      void reply
        .header('content-type', type)
        .header('content-security-policy', "default-src 'self' 'unsafe-inline' data:");
      return reply.send(body());
    });
  };
  serve('/docs', 'text/html; charset=utf-8', () => pageOf(options.title));
  serve('/docs/openapi.json', 'application/json; charset=utf-8', () => {
    return (document ??= JSON.stringify(openApiDocument(app, options)));
  });
  serve('/docs/start.js', 'text/javascript; charset=utf-8', () => START_SCRIPT);
  for (const [name, type] of Object.entries(ASSETS)) serve(`/docs/${name}`, type, () => asset(name));
}

function asset(name: string): string {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  return readFileSync(join(folder, name), 'utf8');
}

function pageOf(title: string): string {
  const safeTitle = title.replace(/[^\w .-]/g, '');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${safeTitle}</title>
<link rel="stylesheet" href="/docs/swagger-ui.css"></head><body><div id="ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>`;
}
