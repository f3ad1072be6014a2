import { declareErrors } from '@biplane/kernel';

/** What can be wrong with any request, before a feature sees it. */
export const RequestErrors = declareErrors('REQUEST', {
  MALFORMED: {
    status: 400,
    title: 'The request cannot be read',
    help: 'Send well-formed JSON (UTF-8, at most 32 levels deep, without NUL characters) and a valid URL.',
  },
  INVALID: {
    status: 400,
    title: 'The request is not valid',
    help: 'Correct the fields named in `errors`; unknown fields and unknown query parameters are refused.',
  },
  NOT_FOUND: { status: 404, title: 'Nothing is here', help: 'Check the path against the OpenAPI document.' },
  METHOD_NOT_ALLOWED: {
    status: 405,
    title: 'The method is not allowed here',
    help: 'Use one of the methods in the Allow header.',
  },
  CONFLICT: {
    status: 409,
    title: 'The request conflicts with what is stored',
    help: 'Read the present state, then decide whether to send a changed request.',
  },
  CHANGED: {
    status: 412,
    title: 'What is edited has changed',
    help: 'Read it again, and send the edit with the new ETag in If-Match if it still holds.',
  },
  TOO_LARGE: {
    status: 413,
    title: 'The request is too large',
    help: 'Send at most 1 MiB of body; of a file of CSV, at most 4 MiB.',
  },
  URI_TOO_LONG: { status: 414, title: 'The address is too long', help: 'Send a shorter path or query.' },
  MEDIA_TYPE: {
    status: 415,
    title: 'The media type is not supported',
    help: 'Send application/json, or the media type that the route documents.',
  },
  HEADERS_TOO_LARGE: { status: 431, title: 'The headers are too large', help: 'Send at most 16 KB of headers.' },
  RATE_LIMITED: {
    status: 429,
    title: 'Too many requests',
    help: 'Wait for the seconds in Retry-After; the limit is per client.',
  },
});

export const ServiceErrors = declareErrors('SERVICE', {
  UNAVAILABLE: {
    status: 503,
    title: 'The service cannot answer now',
    help: 'Send the same request again after the seconds in Retry-After. Operators: see /health/ready and the log.',
  },
  INTERNAL: {
    status: 500,
    title: 'Something failed that should not have',
    help: 'Tell the operators the requestId: the log holds the cause.',
  },
});
