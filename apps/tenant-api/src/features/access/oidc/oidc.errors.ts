import { declareErrors } from '@biplane/kernel';

export const OidcErrors = declareErrors('OIDC', {
  PROVIDER_UNKNOWN: {
    status: 404,
    title: 'There is no such identity provider',
    help: 'List them with GET /public/oidc/providers; one that is switched off is not there.',
  },
  ISSUER_TAKEN: { status: 409, title: 'The issuer has a provider here', help: 'Change the provider that there is.' },
  ISSUER_REFUSED: {
    status: 422,
    title: 'The issuer cannot be called',
    help: 'An issuer is an https address of the open internet without query and fragment. `reason` says what is wrong with this one.',
  },
  PROVIDER_REFUSED: {
    status: 422,
    title: 'The provider does not describe itself as needed',
    help: 'Its discovery document must name exactly this issuer, https endpoints, the code flow and S256.',
  },
  PROVIDER_UNREACHABLE: {
    status: 503,
    title: 'The identity provider does not answer',
    help: 'Try again; a member with a password may sign in by that.',
  },
  SECRET_UNREADABLE: {
    status: 503,
    title: "The provider's client secret cannot be opened here",
    help: 'It was sealed with field keys that this home does not hold: an admin sets the secret again with PATCH /api/v1/identity-providers/{id}.',
  },
  REDIRECT_REFUSED: {
    status: 422,
    title: 'The provider has no such redirect address',
    help: 'redirectUri must be one of those that an admin gave the provider, to the letter.',
  },
  ATTEMPT_INVALID: {
    status: 422,
    title: 'The sign-in cannot be completed',
    help: 'It is unknown, was completed or given up, or took more than ten minutes: begin again.',
  },
  IDENTITY_REFUSED: {
    status: 401,
    title: 'What the provider answered is not good',
    help: 'Begin again. Operators find the reason in the log under the requestId.',
  },
  IDENTITY_UNKNOWN: {
    status: 401,
    title: 'No active member has linked this identity',
    help: 'Sign in by password and link it, or accept an invite with it. An address is never enough.',
  },
  IDENTITY_TAKEN: {
    status: 409,
    title: 'Another member has linked this identity',
    help: 'An identity belongs to one member of a deployment.',
  },
  ALREADY_LINKED: {
    status: 409,
    title: 'The member has linked an identity',
    help: 'Take it away first with DELETE /public/me/identity.',
  },
  ONLY_WAY_IN: {
    status: 422,
    title: 'The member could not sign in any more',
    help: 'A member without a password keeps its identity; an admin may erase the member and invite it anew.',
  },
});
