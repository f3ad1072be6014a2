import { RequestMethod } from '@nestjs/common';
import type { DestinationStream } from 'pino';
import type { Params } from 'nestjs-pino';
import type { ServiceIdentity } from '../health/version.controller.js';
import { requestIdOf } from './request-id.js';
import { scrubbedError } from './scrub.js';

/** Never in a log, wherever they stand. */
const SECRET_NAMES = [
  'authorization',
  'cookie',
  'password',
  'secret',
  'clientSecret',
  'client_secret',
  'secretHash',
  'access_token',
  'token',
  'inviteToken',
  'privateKey',
  'privateJwk',
  'taxId',
  'email',
  'connectionString',
];

/** Every route once: Nest itself adds those that the prefix leaves out, which nestjs-pino would add a second time. */
const EVERYWHERE = [{ path: '{/*splat}', method: RequestMethod.ALL }];

const QUIET = /^\/(?:health|metrics)(?:[/?]|$)/;

interface SeenRequest {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly url?: string;
  /** Middleware sees `url` cut to what is behind the path that it is mounted on. */
  readonly originalUrl?: string;
  /** Of Node.js, with the address that Fastify found for it. */
  readonly raw?: { readonly ip?: string };
}

/** JSON lines by nestjs-pino: one per request, with the request id on every line that it causes. */
export function loggingParams(service: ServiceIdentity, level: string, stream?: DestinationStream): Params {
  const options = {
    level,
    base: { service: service.name, instance: service.instanceId },
    genReqId: (request: SeenRequest & { headers: Record<string, string | string[] | undefined> }) =>
      typeof request.id === 'string' ? request.id : requestIdOf(request),
    customAttributeKeys: { reqId: 'requestId' },
    quietReqLogger: true,
    redact: {
      paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]),
      censor: '[redacted]',
    },
    serializers: {
      err: scrubbedError,
      // Headers and query strings can carry secrets and are worth little: only the path is kept.
      req: (request: SeenRequest) => ({
        method: request.method,
        path: String(request.url ?? '').split('?', 1)[0],
        address: request.raw?.ip,
      }),
      res: (response: { statusCode?: number }) => ({ status: response.statusCode }),
    },
    autoLogging: { ignore: ({ originalUrl, url = '' }: SeenRequest) => QUIET.test(originalUrl ?? url) },
    customLogLevel: (_: unknown, { statusCode }: { statusCode: number }, error?: Error) =>
      levelOf(statusCode, error !== undefined),
  };
  return { forRoutes: EVERYWHERE, pinoHttp: stream === undefined ? options : [options, stream] } as Params;
}

/** 503 is said on purpose and passes by itself: it is nobody's to repair, unless it stays, which the metrics tell. */
function levelOf(status: number, hasFailed: boolean): 'info' | 'warn' | 'error' {
  if (status === 503) return 'warn';
  return hasFailed || status >= 500 ? 'error' : 'info';
}
