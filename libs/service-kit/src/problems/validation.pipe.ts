import { ValidationPipe, type ValidationError } from '@nestjs/common';
import { RefusalError, type FieldError } from '@biplane/kernel';
import { RequestErrors } from './request.errors.js';

const ERRORS_MAX = 50;
type Type = 'a string' | 'a number' | 'a list';
/** Rules of how long or how large, which say nothing to who sent another type. */
const BOUNDS: Readonly<Record<string, { readonly type: Type; readonly code: string }>> = {
  ...of('a string', 'IS_STRING', ['minLength', 'maxLength', 'isLength']),
  ...of('a number', 'IS_NUMBER', ['min', 'max']),
  ...of('a list', 'IS_ARRAY', ['arrayMinSize', 'arrayMaxSize', 'arrayUnique']),
};

function of(type: Type, code: string, rules: readonly string[]): Record<string, { type: Type; code: string }> {
  return Object.fromEntries(rules.map((rule) => [rule, { type, code }]));
}

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
    // The first rule alone: what has too many parts is refused before its parts are looked at.
    stopAtFirstError: true,
    validationError: { target: false, value: true },
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
    const told = tell(error);
    const own = told === null ? [] : [{ pointer, ...told }];
    return [...own, ...flatten(error.children ?? [], pointer)];
  });
}

/** One thing a field: that nobody knows it, that it is missing, what it has to be, or else how long or large. */
function tell({ property, value, constraints = {} }: ValidationError): Omit<FieldError, 'pointer'> | null {
  const [rule, detail] = Object.entries(constraints)[0] ?? [];
  if (rule === undefined || detail === undefined) return null;
  const name = property.slice(0, 64);
  if (rule === 'whitelistValidation') return { code: 'UNKNOWN_FIELD', detail: `${name} is not known here` };
  const bound = Object.hasOwn(BOUNDS, rule) ? BOUNDS[rule] : undefined;
  if (value === undefined) {
    const rest =
      bound === undefined && detail.startsWith(`${property} must `) ? `, and${detail.slice(property.length)}` : '';
    return { code: 'MISSING', detail: `${name} is missing${rest}` };
  }
  if (bound !== undefined && typeOf(value) !== bound.type) {
    return { code: bound.code, detail: `${name} must be ${bound.type}` };
  }
  // The library's own words are of nested properties, which no caller has.
  if (rule !== 'nestedValidation') return { code: upperSnake(rule), detail };
  return { code: upperSnake(rule), detail: `${/^\d+$/.test(name) ? 'each value' : name} must be an object` };
}

function typeOf(value: unknown): Type | null {
  if (typeof value === 'string') return 'a string';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'number' && !Number.isNaN(value) ? 'a number' : null;
}

/** RFC 6901. */
function escapePointer(segment: string): string {
  return segment.slice(0, 128).replaceAll('~', '~0').replaceAll('/', '~1');
}

function upperSnake(rule: string): string {
  return rule.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}
