import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { err, ok, type FieldError, type Result } from '@biplane/kernel';
import type { Schema } from './schema.js';

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** One instant, one spelling: what `toISOString` writes, and a day that exists. */
function isInstant(text: string): boolean {
  const millis = Date.parse(text);
  return !Number.isNaN(millis) && new Date(millis).toISOString() === text;
}

/** Any RFC 3339 instant of a day that exists: what submitters may send. */
export function isRfc3339(text: string): boolean {
  if (!RFC3339.test(text) || Number.isNaN(Date.parse(text))) return false;
  // Date.parse rolls 30 February over into March, so a day that not every month has is asked for by itself.
  const day = Number(text.slice(8, 10));
  if (day <= 28) return day >= 1;
  const [year = 0, month = 0] = text.slice(0, 7).split('-').map(Number);
  return day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

// `allErrors` stays off: the first problem is enough, and a hostile document cannot make the list long.
const ajv = new Ajv({ strict: true, allowUnionTypes: false });
ajv.addFormat('instant', { type: 'string', validate: isInstant });
ajv.addFormat('rfc3339', { type: 'string', validate: isRfc3339 });

export type Check<T> = (value: unknown) => Result<T, readonly FieldError[]>;

/** Compiles a schema once, when it is first asked: a process asks few of those that both planes share. */
export function compile<T>(schema: Schema<T>): Check<T> {
  let compiled: ValidateFunction | undefined;
  return (value) => {
    const validate = (compiled ??= ajv.compile(schema.json));
    return validate(value) ? ok(value as T) : err((validate.errors ?? []).map(fieldError));
  };
}

function fieldError(error: ErrorObject): FieldError {
  const params = error.params as { missingProperty?: string; additionalProperty?: string };
  const member = params.missingProperty ?? params.additionalProperty;
  const pointer = member === undefined ? error.instancePath : `${error.instancePath}/${escapePointer(member)}`;
  return { pointer: pointer.slice(0, 200), code: error.keyword.toUpperCase(), detail: error.message ?? 'is malformed' };
}

const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

const JSON_BYTES_MAX = 1024 * 1024;

/** JSON text of at most 1 MiB as a value; undefined when it is none. */
export function parseJson(bytes: string | Uint8Array): { value: unknown } | undefined {
  if (bytes.length > JSON_BYTES_MAX) return undefined;
  try {
    const text = typeof bytes === 'string' ? bytes : new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

export function firstDetail(errors: readonly FieldError[]): string {
  const [first] = errors;
  return first ? `${first.pointer || 'the document'} ${first.detail}` : 'the document is malformed';
}
