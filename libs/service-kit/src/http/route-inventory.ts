import { RequestMethod, type INestApplicationContext, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS, type Access } from '../auth/access.decorators.js';
import { ENTITY_TAGGED } from './entity-tag.js';
import { LOCATED_AT, type Locations } from './located-at.js';
import { fullPath } from './paths.js';
import { RouteTable } from './route-table.js';

/** One HTTP route and how it is opened; `access` is null when nobody said. */
export interface RouteEntry {
  readonly method: string;
  readonly path: string;
  readonly controller: string;
  readonly handler: string;
  readonly access: Access | null;
  readonly locations: Locations;
  /** Whether its answers carry an ETag, and its edits may come with If-Match. */
  readonly isTagged: boolean;
}

/** Every route of the application's controllers, sorted by path and method. Works in preview mode too. */
export function routeInventory(app: INestApplicationContext): RouteEntry[] {
  const roots = app.get(RouteTable).roots;
  const entries: RouteEntry[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype === 'function') entries.push(...routesOf(metatype as Type, roots));
    }
  }
  return entries.sort((a, b) => compare(`${a.path} ${a.method}`, `${b.path} ${b.method}`));
}

/** Start-up fails when a route does not say who may use it. */
export function assertAccessDeclared(routes: readonly RouteEntry[]): void {
  const open = routes.filter((route) => route.access === null);
  if (open.length === 0) return;
  const names = open.map((route) => `${route.method} ${route.path} (${route.controller}.${route.handler})`);
  throw new Error(`Routes without @Scopes, @Public or @AccessBy:\n  ${names.join('\n  ')}`);
}

function routesOf(controller: Type, roots: readonly string[]): RouteEntry[] {
  const prototype = controller.prototype as Record<string, object>;
  const controllerPaths = texts(Reflect.getMetadata(PATH_METADATA, controller));
  return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name]!;
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const access = (Reflect.getMetadata(ACCESS, handler) ??
      Reflect.getMetadata(ACCESS, controller) ??
      null) as Access | null;
    const locations = (Reflect.getMetadata(LOCATED_AT, handler) ?? {}) as Locations;
    const methodPaths = texts(Reflect.getMetadata(PATH_METADATA, handler));
    return controllerPaths.flatMap((base) =>
      methodPaths.map((path) => ({
        method: RequestMethod[method],
        path: fullPath(base, path, roots),
        controller: controller.name,
        handler: name,
        access,
        locations,
        isTagged: Reflect.getMetadata(ENTITY_TAGGED, handler) === true,
      })),
    );
  });
}

function texts(value: unknown): string[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.map((item) => (typeof item === 'string' ? item : ''));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
