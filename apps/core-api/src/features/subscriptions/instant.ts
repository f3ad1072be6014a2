/** ISO 8601 knows weeks and ordinal days too, which no clock of ours reads. */
export const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;
export const INSTANT_MESSAGE = '$property must be an RFC 3339 instant';
