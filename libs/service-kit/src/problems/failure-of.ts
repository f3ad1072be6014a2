import { HttpException, NotFoundException } from '@nestjs/common';
import { RefusalError, type Failure } from '@biplane/kernel';
import {
  isDatabaseUnavailable,
  isTransactionConflict,
  isUniqueViolation,
  isValueRefused,
} from '../database/database-errors.js';
import { RequestErrors, ServiceErrors } from './request.errors.js';

const RETRY_SECONDS = 2;

/** What became of an exception: the failure to tell, and whether operators must hear of it. */
export interface Told {
  readonly failure: Failure;
  readonly level: 'debug' | 'warn' | 'error';
}

/** Every exception becomes a declared failure; what nobody foresaw becomes SERVICE.INTERNAL and says nothing more. */
export function failureOf(error: unknown): Told {
  if (error instanceof RefusalError) return { failure: error.failure, level: 'debug' };
  const ofFastify = fastifyFailure(error);
  if (ofFastify !== null) return { failure: ofFastify, level: 'debug' };
  if (error instanceof HttpException) return ofHttpException(error);
  if (isDatabaseUnavailable(error) || isTransactionConflict(error)) {
    const detail = 'The database does not answer now';
    return { failure: ServiceErrors.UNAVAILABLE({ detail, retryAfterSeconds: RETRY_SECONDS }), level: 'warn' };
  }
  // The two below mean that a feature did not foresee something, but the caller can be told the truth.
  if (isUniqueViolation(error)) {
    return {
      failure: RequestErrors.CONFLICT({ detail: 'Something with the same name exists already' }),
      level: 'error',
    };
  }
  if (isValueRefused(error)) {
    return { failure: RequestErrors.INVALID({ detail: 'A value is outside what can be stored' }), level: 'error' };
  }
  return { failure: ServiceErrors.INTERNAL({ detail: 'The request failed unexpectedly' }), level: 'error' };
}

function fastifyFailure(error: unknown): Failure | null {
  if (!(error instanceof Error)) return null;
  const code = (error as Error & { code?: unknown }).code;
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_')) return null;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return RequestErrors.TOO_LARGE({ detail: 'The body is larger than what this route reads' });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return RequestErrors.MEDIA_TYPE({ detail: 'This route does not read that content type' });
    case 'FST_ERR_BAD_URL':
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return RequestErrors.MALFORMED({ detail: 'The URL, a length or the JSON body cannot be read' });
    default:
      return null;
  }
}

function ofHttpException(error: HttpException): Told {
  const status = error.getStatus();
  const detail = 'The request was refused';
  if (error instanceof NotFoundException) {
    return { failure: RequestErrors.NOT_FOUND({ detail: 'No route answers this path' }), level: 'debug' };
  }
  if (status === 413) return { failure: RequestErrors.TOO_LARGE({ detail }), level: 'debug' };
  if (status === 415) return { failure: RequestErrors.MEDIA_TYPE({ detail }), level: 'debug' };
  if (status === 503) {
    return {
      failure: ServiceErrors.UNAVAILABLE({ detail: 'The service is stopping', retryAfterSeconds: 2 }),
      level: 'warn',
    };
  }
  if (status < 500)
    return { failure: RequestErrors.MALFORMED({ detail: 'The request cannot be read' }), level: 'debug' };
  return { failure: ServiceErrors.INTERNAL({ detail: 'The request failed unexpectedly' }), level: 'error' };
}
