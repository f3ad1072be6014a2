import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Metrics } from '../metrics/metrics.js';
import { HealthRegistry } from '../health/health-registry.js';
import { createHttpApp, type RootModule } from './create-app.js';
import type { Listeners } from './hooks.js';
import { serveDocs } from './docs-page.js';
import type { DocsOptions } from './openapi.js';

export interface BootstrapOptions {
  readonly module: RootModule;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** A second listener on the same app; with it, only that one serves `/internal/*`. */
  readonly internalPort?: number;
  /** Addresses and networks whose X-Forwarded-For is believed; nobody's when absent. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly docs: DocsOptions;
  /** Between creation and listening: Kafka transports are connected here. */
  readonly beforeListen?: (app: NestFastifyApplication) => Promise<void>;
  /** False in tests, which end the app themselves. */
  readonly handleSignals?: boolean;
}

export interface RunningService {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly internalUrl: string | null;
  /** Readiness off, stop taking work, finish what runs, close; at most 25 s. */
  close(): Promise<void>;
}

const SHUTDOWN_MS_MAX = 25_000;

/** Starts a service. A failed start throws: let the process end with it. */
export async function bootstrap(options: BootstrapOptions): Promise<RunningService> {
  const listeners: Listeners = { internalPort: null, splitInternal: options.internalPort !== undefined };
  const app = await createHttpApp(options.module, listeners, options.trustedProxies);
  try {
    serveDocs(app, options.docs);
    await options.beforeListen?.(app);
    await app.listen(options.port, options.host);
    const internal =
      options.internalPort === undefined ? null : await listenInternally(app, options.internalPort, options.host);
    listeners.internalPort = internal === null ? null : (internal.address() as AddressInfo).port;
    const service = serviceOf(app, internal, options.host);
    if (options.handleSignals ?? true) {
      app.get(Metrics, { strict: false }).watchProcess();
      closeOnSignals(service);
    }
    return service;
  } catch (error) {
    await app.close().catch(() => undefined);
    throw error;
  }
}

/** What stops a start and is no fault of the program: told in one line, with a code by which an operator knows it. */
export class StartRefusedError extends Error {
  override readonly name: string = 'StartRefusedError';

  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}

/** For `main.ts`: `await runMain(async () => { … })`. A failed start is told in one line and ends with code 1, or with its own. */
export async function runMain(main: () => Promise<unknown>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    const exitCode = error instanceof StartRefusedError ? error.exitCode : 1;
    // A mistake of the environment is the operator's: the stack would only hide it.
    const isTheirs = name === 'EnvironmentError' || error instanceof StartRefusedError;
    process.stderr.write(`${isTheirs ? message : (stack ?? message)}\n`);
    process.exit(exitCode);
  }
}

async function listenInternally(app: NestFastifyApplication, port: number, host: string): Promise<Server> {
  const fastify = app.getHttpAdapter().getInstance();
  const server = createServer({ maxHeaderSize: 16_384 }, (request, response) => fastify.routing(request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return server;
}

function serviceOf(app: NestFastifyApplication, internal: Server | null, host: string): RunningService {
  let closing: Promise<void> | null = null;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;
  return {
    app,
    url: `http://${shown}:${portOf(app.getHttpServer() as unknown as Server)}`,
    internalUrl: internal === null ? null : `http://${shown}:${portOf(internal)}`,
    close: () => (closing ??= closeAll(app, internal)),
  };
}

async function closeAll(app: NestFastifyApplication, internal: Server | null): Promise<void> {
  app.get(HealthRegistry).markStopping();
  const internalClosed = new Promise<void>((resolve) => {
    if (internal === null) return resolve();
    internal.close(() => resolve());
    internal.closeIdleConnections();
  });
  await Promise.all([internalClosed, app.close()]);
}

function closeOnSignals(service: RunningService): void {
  const logger = new Logger('Shutdown');
  const stop = (signal: string): void => {
    logger.log(`${signal}: stopping`);
    // A part that hangs must not outlive the grace period, after which the platform would kill it anyway.
    setTimeout(() => {
      logger.error('the shutdown took longer than 25 s');
      process.exit(1);
    }, SHUTDOWN_MS_MAX).unref();
    service.close().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'the shutdown failed');
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}
