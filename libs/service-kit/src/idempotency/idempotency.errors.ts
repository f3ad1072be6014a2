import { declareErrors } from '@biplane/kernel';

export const IdempotencyErrors = declareErrors('IDEMPOTENCY', {
  KEY_MISSING: {
    status: 400,
    title: 'The Idempotency-Key header is missing or malformed',
    help: 'Send a key of 1 to 255 printable ASCII characters, new for each intent and the same for each retry.',
  },
  KEY_REUSED: {
    status: 422,
    title: 'The idempotency key was used for another request',
    help: 'Use a new key: this one belongs to a request with another body, method or path.',
  },
  IN_FLIGHT: {
    status: 409,
    title: 'A request with this idempotency key is being answered',
    help: 'Wait for the seconds in Retry-After and send the same request again: it gets the stored answer.',
  },
});
