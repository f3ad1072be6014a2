import { declareErrors } from '@biplane/kernel';

export const AccessErrors = declareErrors('ACCESS', {
  SIGN_IN_REFUSED: {
    status: 401,
    title: 'The sign-in is refused',
    help: 'Check the address and the password. The answer is the same for an unknown address.',
  },
  TOKEN_REFUSED: {
    status: 401,
    title: 'The token is not valid here',
    help: 'Sign in with POST /public/sessions, or make an API key. A token is good for its own deployment only.',
  },
  NOT_PERMITTED: {
    status: 403,
    title: 'The role or the key does not permit this',
    help: '`needed` names the permission; an admin changes roles, and a key has at most what its member has.',
  },
  PASSWORD_WRONG: {
    status: 422,
    title: 'The current password is another',
    help: '`current` is the password that you sign in with now; it may have been changed meanwhile.',
  },
  TOO_MANY_ATTEMPTS: {
    status: 429,
    title: 'Too many attempts to sign in',
    help: 'Wait for the seconds in Retry-After.',
  },
  INVITE_INVALID: {
    status: 422,
    title: 'The invite cannot be accepted',
    help: 'It is unknown, was accepted, or has expired: ask an admin for a new one.',
  },
  INVITE_OF_ANOTHER: {
    status: 422,
    title: 'The invite is for another address',
    help: 'Leave `email` out: who invited gave the address. Only the first admin gives its own.',
  },
  EMAIL_TAKEN: { status: 409, title: 'A member has this address', help: 'Use another address.' },
  KEYS_TOO_MANY: {
    status: 422,
    title: 'The member has too many API keys',
    help: 'Revoke some with DELETE /public/me/api-keys/{id}: a hundred may be good at once.',
  },
  KEY_EXPIRED: {
    status: 422,
    title: 'The API key would be expired already',
    help: 'Give an `expiresAt` that is still to come, or leave it out: the key is then good until it is revoked.',
  },
  KEY_UNKNOWN: { status: 404, title: 'There is no such API key', help: 'List yours with GET /public/me/api-keys.' },
  SCOPES_BEYOND_ROLE: {
    status: 422,
    title: 'The key would have more than its member',
    help: 'Leave out the scopes that `beyond` names.',
  },
});
