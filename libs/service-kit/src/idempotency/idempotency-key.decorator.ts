import { createHash } from 'node:crypto';
import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { canonicalJson, RefusalError } from '@biplane/kernel';
import type { FastifyRequest } from 'fastify';
import { principalOfRequest } from '../auth/access.decorators.js';
import { IdempotencyErrors } from './idempotency.errors.js';

/** A request that may be sent again; the same one has the same five members. */
export interface IdempotentRequest {
  readonly key: string;
  /** The client id: two clients may choose the same key. */
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  /** SHA-256 of the canonical JSON of the body, hex: order of keys and spaces do not matter. */
  readonly bodyHash: string;
}

const KEY = /^[\x21-\x7e]{1,255}$/;

/** The request's idempotency key and what it covers; a request without one is refused with 400. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): IdempotentRequest => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return covered(request, request.headers['idempotency-key']);
});

/** The same for what can happen only once by its nature: without a key it is null, and a repetition is refused by that nature. */
export const MaybeIdempotencyKey = createParamDecorator(
  (_: unknown, context: ExecutionContext): IdempotentRequest | null => {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const header = request.headers['idempotency-key'];
    return header === undefined ? null : covered(request, header);
  },
);

function covered(request: FastifyRequest, header: unknown): IdempotentRequest {
  if (typeof header !== 'string' || !KEY.test(header)) {
    const detail = 'This request needs an Idempotency-Key of 1 to 255 printable characters';
    throw new RefusalError(IdempotencyErrors.KEY_MISSING({ detail }));
  }
  return {
    key: header,
    principal: principalOfRequest(request).clientId,
    method: request.method,
    path: request.raw.url ?? request.url,
    bodyHash: createHash('sha256')
      .update(canonicalJson(request.body ?? null))
      .digest('hex'),
  };
}

/** For the OpenAPI document: put it on the method whose parameter has `@IdempotencyKey()`. */
export const Idempotent = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({ name: 'Idempotency-Key', required: true, schema: { type: 'string', minLength: 1, maxLength: 255 } }),
  );

/** For the OpenAPI document: of a method whose parameter has `@MaybeIdempotencyKey()`. */
export const MaybeIdempotent = (): MethodDecorator =>
  applyDecorators(
    ApiHeader({ name: 'Idempotency-Key', required: false, schema: { type: 'string', minLength: 1, maxLength: 255 } }),
  );
