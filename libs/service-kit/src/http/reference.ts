import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allErrorDeclarations } from '@biplane/kernel';
import { envReference, type EnvironmentSpec } from '../environment/environment.js';
import type { RootModule } from './create-app.js';
import { createPreviewApp } from './create-app.js';
import { openApiDocument, type DocsOptions } from './openapi.js';
import { routeInventory, type RouteEntry } from './route-inventory.js';

export interface ReferenceOptions {
  /** The app's name in file names: `core-api`. */
  readonly app: string;
  readonly module: RootModule;
  readonly docs: DocsOptions;
  readonly environment: EnvironmentSpec;
  /** The folder of the reference, for example `docs/reference`. */
  readonly out: string;
}

/**
 * Writes `openapi/<app>.json`, `errors.<app>.md`, `scopes.<app>.md` and `env.<app>.example`. Needs no database, broker
 * or key: nothing of the application is instantiated.
 */
export async function writeReference(options: ReferenceOptions): Promise<string[]> {
  const app = await createPreviewApp(options.module);
  const document = openApiDocument(app, options.docs);
  const files: Record<string, string> = {
    [`openapi/${options.app}.json`]: `${JSON.stringify(document, null, 2)}\n`,
    [`errors.${options.app}.md`]: errorReference(options.app),
    [`scopes.${options.app}.md`]: scopeReference(options.app, routeInventory(app)),
    [`env.${options.app}.example`]: envReference(options.environment),
  };
  const paths = Object.keys(files).map((name) => join(options.out, name));
  for (const [name, text] of Object.entries(files)) {
    const file = join(options.out, name);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  return paths;
}

/** One section per error code of the modules loaded so far; problem `type` URNs name them. */
export function errorReference(app: string): string {
  const sections = allErrorDeclarations().map(
    ({ code, status, title, help }) => `## ${code}\n\n${status} · ${title}\n\n${help}\n`,
  );
  return [
    `# Errors of ${app}\n`,
    'Generated. The `type` of a problem is `urn:biplane:error:<code>`.\n',
    ...sections,
  ].join('\n');
}

/** Which scope opens which route. */
export function scopeReference(app: string, routes: readonly RouteEntry[]): string {
  const rows = routes.map((route) => `| ${route.method} | \`${route.path}\` | ${describeAccess(route)} |`);
  return [`# Scopes of ${app}`, '', 'Generated.', '', '| method | route | who |', '|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function describeAccess({ access }: RouteEntry): string {
  switch (access?.kind) {
    case 'scopes':
      return access.scopes.map((scope) => `\`${scope}\``).join(' or ');
    case 'public':
      return `public: ${access.why}`;
    case 'own':
      return access.by;
    default:
      return 'not declared';
  }
}
