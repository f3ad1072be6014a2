import 'reflect-metadata';
import type { DynamicModule, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { BODY_BYTES_MAX, registerBodyParsers } from './body-parsers.js';
import { registerEntityTags } from './entity-tag.js';
import { refuseUnroutable, registerHooks, type Listeners } from './hooks.js';
import { registerLocations } from './located-at.js';
import { API_PREFIX, prefixExclusions } from './paths.js';
import { requestIdOf } from './request-id.js';
import { assertAccessDeclared, routeInventory } from './route-inventory.js';
import { RouteTable } from './route-table.js';

export type RootModule = Type | DynamicModule;

const HEADER_BYTES_MAX = 16_384;
const PARAM_LENGTH_MAX = 256;
const REQUEST_MS_MAX = 30_000;
const KEEP_ALIVE_MS = 65_000; // longer than the load balancer's minute, so that it never reuses a closed connection

/** The HTTP application with every convention, listening nowhere yet. */
export async function createHttpApp(
  module: RootModule,
  listeners: Listeners,
  trustedProxies: readonly string[] = [],
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    bodyLimit: BODY_BYTES_MAX,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    requestTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    forceCloseConnections: 'idle',
    requestIdHeader: false,
    // With it, the address of a request is the right-most of X-Forwarded-For that is no proxy of ours; without it, the peer's.
    trustProxy: trustedProxies.length > 0 && [...trustedProxies],
    genReqId: requestIdOf,
    frameworkErrors: refuseUnroutable,
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    bufferLogs: true,
    bodyParser: false,
    abortOnError: false,
  });
  try {
    applyConventions(app, listeners);
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

function applyConventions(app: NestFastifyApplication, listeners: Listeners): void {
  app.useLogger(app.get(Logger));
  applyPrefix(app);
  registerBodyParsers(app);
  registerHooks(app, listeners);
  const routes = routeInventory(app);
  assertAccessDeclared(routes);
  registerLocations(app, routes);
  registerEntityTags(app, routes);
  app.get(RouteTable).fill(routes);
}

/** The application without instances: enough to read its routes, needs neither database nor keys nor a broker. */
export async function createPreviewApp(module: RootModule): Promise<NestFastifyApplication> {
  const app = await NestFactory.create<NestFastifyApplication>(module, new FastifyAdapter(), {
    preview: true,
    abortOnError: false,
    logger: ['error'],
  });
  applyPrefix(app);
  return app;
}

function applyPrefix(app: NestFastifyApplication): void {
  app.setGlobalPrefix(API_PREFIX, { exclude: prefixExclusions(app.get(RouteTable).roots) });
}
