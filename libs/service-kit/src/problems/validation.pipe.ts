import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { RefusalError, type FieldError } from '@biplane/kernel';
import { RequestErrors } from './request.errors.js';

const ERRORS_MAX = 50;

/**
 * Bodies and queries become instances of their DTO classes; unknown keys are refused. Texts are not turned into
 * numbers silently: a query DTO says so with `@Type(() => Number)`.
 */
export function createValidationPipe(): ValidationPipe {
  return new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors) => new RefusalError(invalid(flatten(errors, ''))),
  });
}

export function invalid(errors: readonly FieldError[]): ReturnType<typeof RequestErrors.INVALID> {
  const shown = errors.slice(0, ERRORS_MAX);
  const detail = shown
    .map((error) => error.detail)
    .slice(0, 3)
    .join('; ');
  return RequestErrors.INVALID({ detail: detail || 'The request is not valid', errors: shown });
}

function flatten(errors: readonly ValidationError[], base: string): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${base}/${escapePointer(error.property)}`;
    const own = Object.entries(error.constraints ?? {}).map(([rule, detail]) => ({
      pointer,
      code: rule === 'whitelistValidation' ? 'UNKNOWN_FIELD' : upperSnake(rule),
      detail: rule === 'whitelistValidation' ? `${error.property.slice(0, 64)} is not known here` : detail,
    }));
    return [...own, ...flatten(error.children ?? [], pointer)];
  });
}

/** RFC 6901. */
function escapePointer(segment: string): string {
  return segment.slice(0, 128).replaceAll('~', '~0').replaceAll('/', '~1');
}

function upperSnake(rule: string): string {
  return rule.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
