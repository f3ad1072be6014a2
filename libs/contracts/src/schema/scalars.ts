import { described, integer, pattern, type Schema } from './schema.js';

/** The narrow texts of which records are made. None of them can hold a name, a mail address or a sentence. */

export const uuid = pattern('^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', 36, 'UUID in lower case');

export const instant: Schema<string> = {
  json: {
    type: 'string',
    format: 'instant',
    maxLength: 24,
    description: 'RFC 3339, UTC, e.g. 2026-04-10T12:00:00.000Z',
  },
};

export const code = pattern('^[a-z][a-z0-9_]{0,62}$', 63, 'Code of a meter or module');

export const region = pattern('^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$', 32, 'Region code');

export const kid = pattern('^[A-Za-z0-9_-]{1,64}$', 64, 'Key id');

export const instanceId = pattern(
  '^[a-z0-9](?:[a-z0-9.-]{0,126}[a-z0-9])?$',
  128,
  'One running process: a pod name or a UUID',
);

export const sha256 = pattern('^[0-9a-f]{64}$', 64, 'SHA-256 in hex');

/** A compact JWS; `libs/licensing` says which. */
export const compactJws = pattern('^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$', 16_384, 'Compact JWS');

/** Strict: what a quantity must be wherever it is accepted. At most 30 digits, 12 of them decimals, not negative. */
export const quantity = pattern(
  '^(?=(?:[0-9]\\.?){1,30}$)(?:0|[1-9][0-9]*)(?:\\.[0-9]{1,12})?$',
  31,
  'Decimal string, not negative, at most 30 digits, 12 of them decimals',
);

/** What quantities add up to, as every column of totals holds it: more digits than one quantity may have. */
export const total = pattern(
  '^(?:0|[1-9][0-9]{0,29})(?:\\.[0-9]{1,12})?$',
  43,
  'Decimal string, not negative, at most 30 digits before the point and 12 behind it',
);

/**
 * Wide: a negative or malformed quantity of a window parses, because it has to reach the quarantine with its reason; a text of other
 * characters than those of a number does not.
 */
export const reportedQuantity = pattern(
  '^[-+0-9.eE]{1,64}$',
  64,
  'A number as text; core-api quarantines what is no quantity',
);

/** A machine-readable reason, e.g. `TEMPLATE_MISSING`: no sentence, so no datum of a tenant can ride along. */
export const reasonCode = pattern('^[A-Z][A-Z0-9_]*(?:\\.[A-Z][A-Z0-9_]*)?$', 64, 'Reason as a code');

export const databaseName = pattern('^tenant_[0-9a-f]{32}$', 39, 'Name of a tenant database');

/** The name of the newest migration applied. */
export const schemaVersion = pattern('^[0-9]{14}_[a-z0-9_]{1,80}$', 95, 'Newest migration applied');

export const version = described(integer(1), 'Only rises');
export const count = described(integer(0), 'Count');
