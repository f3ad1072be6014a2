import { SetMetadata, type CustomDecorator } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { API_PREFIX } from './paths.js';

export const LOCATED_AT = Symbol('LOCATED_AT');

/** By status: a path below the prefix, with members of the answer in braces, such as `operations/{operation.id}`. */
export type Locations = Readonly<Partial<Record<201 | 202, string>>>;

/** Where what was made is read (201), or where it is seen how far it is (202): the `Location` of the answer, and of its description. */
export const LocatedAt = (locations: Locations): CustomDecorator<symbol> => SetMetadata(LOCATED_AT, locations);

/** As the OpenAPI document says it. */
export const locationTemplate = (path: string): string => `/${API_PREFIX}/${path}`;

interface LocatedRoute {
  readonly method: string;
  readonly path: string;
  readonly locations: Locations;
}

/** Gives every answer its Location, replayed ones too: it is read from the body as it goes out. */
export function registerLocations(app: NestFastifyApplication, routes: readonly LocatedRoute[]): void {
  const located = new Map(routes.map(({ method, path, locations }) => [`${method} ${path}`, locations] as const));
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('preSerialization', (request, reply, body: unknown, done) => {
      const locations = located.get(`${request.method} ${request.routeOptions.url ?? ''}`);
      const path = locations?.[reply.statusCode as keyof Locations];
      if (path !== undefined) void reply.header('location', locationOf(path, body));
      done(null, body);
    });
}

function locationOf(path: string, body: unknown): string {
  return locationTemplate(path).replace(/\{([^}]+)\}/g, (_, member: string) => {
    const value = member.split('.').reduce<unknown>((object, name) => (object as Record<string, unknown>)[name], body);
    // A bug: each service has a test that holds these paths against its document.
    if (typeof value !== 'string') throw new Error(`The answer has no ${member} for ${path}`);
    return encodeURIComponent(value);
  });
}
